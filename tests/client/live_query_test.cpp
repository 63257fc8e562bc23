#include "ringside/live_query.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "query/live_state.hpp"
#include "ringside/client.hpp"
#include "shm/base/limits.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::soon;
using Kind = LiveChange::Kind;

std::string text_of(Row row) {
    std::string text;
    for (const OwnedScalar& value : row) {
        append_json(value.view(), text);
        text += ' ';
    }
    return text;
}
std::string text_of(const Rows& rows) {
    std::string text;
    for (const Row row : rows) text += text_of(row) + '\n';
    return text;
}

/// The state of a watcher that has only the first result and the changes since.
class Follower {
public:
    Follower(const Rows& rows, std::size_t key_count) {
        for (const Row row : rows) told_[text_of(row.first(key_count))] = text_of(row);
    }
    void take(const LiveUpdate& update) {
        std::set<std::string> keys;
        for (const LiveChange& change : update.changes) {
            const std::string key = text_of(change.key);
            EXPECT_TRUE(keys.insert(key).second) << "one change of each key";
            EXPECT_EQ(told_.contains(key), change.kind != Kind::added) << key;
            if (change.kind == Kind::removed) told_.erase(key);
            else told_[key] = text_of(change.row);
        }
    }
    [[nodiscard]] std::string text() const {
        std::vector<std::string> rows;
        for (const auto& [key, row] : told_) rows.push_back(row);
        return sorted(rows);
    }
    static std::string text(const Rows& rows) {
        std::vector<std::string> texts;
        for (const Row row : rows) texts.push_back(text_of(row));
        return sorted(texts);
    }

private:
    static std::string sorted(std::vector<std::string>& rows) {
        std::ranges::sort(rows);
        std::string all;
        for (const std::string& row : rows) all += row + '\n';
        return all;
    }
    std::map<std::string, std::string> told_;
};

class LiveQueryTest : public ::testing::Test {
protected:
    testing::TestGrid grid_{{"--memory", "128MiB", "--ring-entries", "16384"}};
    Client client_ = Client::attach({.grid = grid_.name()}).value();

    [[nodiscard]] std::string fresh(const Query& query, Revision revision) const {
        return text_of(client_.snapshot({.revision = revision}).value().run(query).value());
    }
};

TEST_F(LiveQueryTest, ChangesOfEachGroupAreDelivered) {
    client_.put("seat/1", R"({"status":"free","price":5})").value();
    LiveQuery live =
        client_.live_query(scan("seat/*").group_by({"/status"}).aggregate({count(), sum("/price")}))
            .value();
    EXPECT_EQ(text_of(live.rows()), "\"free\" 1 5 \n");
    EXPECT_EQ(live.poll().error(), Errc::would_block);

    client_.put("seat/2", R"({"status":"held","price":7})").value();
    auto update = live.next(soon).value();
    ASSERT_EQ(update.changes.size(), 1U);
    EXPECT_EQ(update.changes[0].kind, Kind::added);
    EXPECT_EQ(text_of(update.changes[0].key), "\"held\" ");
    EXPECT_EQ(text_of(update.changes[0].row), "\"held\" 1 7 ");

    const auto written = client_.patch("seat/1", "/price", "6").value();
    update = live.next(soon).value();
    ASSERT_EQ(update.changes.size(), 1U);
    EXPECT_EQ(update.changes[0].kind, Kind::changed);
    EXPECT_EQ(text_of(update.changes[0].row), "\"free\" 1 6 ");
    EXPECT_EQ(update.revision, written.revision);

    client_.remove("seat/2").value();
    update = live.next(soon).value();
    ASSERT_EQ(update.changes.size(), 1U);
    EXPECT_EQ(update.changes[0].kind, Kind::removed);
    EXPECT_EQ(text_of(update.changes[0].row), "\"held\" 1 7 ");
    EXPECT_EQ(text_of(live.rows()), "\"free\" 1 6 \n");
}

TEST_F(LiveQueryTest, ChangesOfEachRecordAreDelivered) {
    client_.put("seat/1", R"({"status":"sold","row":"A","tags":[1]})").value();
    client_.put("seat/2", R"({"status":"free"})").value();
    LiveQuery live =
        client_
            .live_query(scan("seat/*").where(field("/status") == "sold").select({"/row", "/tags"}))
            .value();
    EXPECT_EQ(text_of(live.rows()), "\"A\" [1] \n");
    client_.patch("seat/1", "/tags", "[2]").value();
    auto update = live.next(soon).value();
    ASSERT_EQ(update.changes.size(), 1U);
    EXPECT_EQ(text_of(update.changes[0].key), "\"seat/1\" ");
    EXPECT_EQ(text_of(update.changes[0].row), "\"A\" [2] ");
    client_.patch("seat/1", "/status", R"("free")").value();
    update = live.next(soon).value();
    EXPECT_EQ(update.changes[0].kind, Kind::removed);
    EXPECT_TRUE(live.rows().empty());
}

TEST_F(LiveQueryTest, InvisibleChangesAreNotDelivered) {
    client_.put("a", R"({"x":1,"y":1})").value();
    LiveQuery live = client_.live_query(scan("a").aggregate({sum("/x")})).value();
    // The first watch of a session creates the session's record, which is also a commit.
    ASSERT_TRUE(testing::eventually([&] { return client_.revision() == 2; }));
    const auto written = client_.patch("a", "/y", "2").value();
    EXPECT_EQ(live.poll().error(), Errc::would_block);
    EXPECT_EQ(live.revision(), written.revision) << "it was seen all the same";
}

TEST_F(LiveQueryTest, RefusesWhatItCannotKeepUpToDate) {
    EXPECT_EQ(client_.live_query(scan("a").top(1, "/x")).error(), Errc::bad_query);
    EXPECT_EQ(client_.live_query(scan("a").limit(1)).error(), Errc::bad_query);
    EXPECT_EQ(client_.live_query(scan("a**")).error(), Errc::bad_pattern);
    EXPECT_EQ(client_.live_query(scan("a").select({"x"})).error(), Errc::bad_pointer);
}

/// Random writes, removals, transactions and expiries from a seed.
class RandomWriter {
public:
    RandomWriter(Client& client, unsigned seed) : client_(client), random_(seed) {}

    void step() {
        switch (random_() % 8) {
            case 0: return static_cast<void>(client_.remove(name()));
            case 1: return static_cast<void>(client_.patch(name(), "/n", number()));
            case 2: {
                Transaction some;
                for (unsigned i = 0; i < 2 + random_() % 4; ++i)
                    some.put("r/" + std::to_string(i * 10 + random_() % 10), document());
                client_.commit(some).value();
                return;
            }
            case 3:
                client_.put(name(), document(), {.ttl = milliseconds(1 + random_() % 30)}).value();
                return;
            default: client_.put(name(), document()).value();
        }
    }

private:
    std::string name() { return "r/" + std::to_string(random_() % 60); }
    std::string number() {
        static constexpr const char* odd[] = {"null", "\"x\"", "0.1", "1e300", "-1e300", "[1]"};
        const auto choice = random_() % 12;
        return choice < 6 ? odd[choice] : std::to_string(random_() % 100);
    }
    std::string document() {
        std::string json = R"({"g":)" + std::to_string(random_() % 5);
        if (random_() % 5 != 0) json += R"(,"n":)" + number();
        return json + "}";
    }

    Client& client_;
    std::mt19937 random_;
};

TEST_F(LiveQueryTest, ResultEqualsAFreshQueryAtEachRevision) {
    const std::vector<Query> queries = {
        scan("r/*").group_by({"/g"}).aggregate(
            {count(), sum("/n"), average("/n"), min("/n"), max("/n"), distinct("/n")}),
        scan("r/*").where(field("/n") > 10).select({"/g", "/n"}),
        scan("r/*").aggregate({count(), sum("/n")}),
    };
    RandomWriter writer(client_, 11);
    for (int i = 0; i < 100; ++i) writer.step();
    std::vector<LiveQuery> live;
    std::vector<Follower> followers;
    for (const Query& query : queries) {
        live.push_back(client_.live_query(query).value());
        // Rows of records do not contain their keys.
        if (query.is_grouped()) followers.emplace_back(live.back().rows(), query.keys().size());
    }
    for (int step = 0; step < 3000; ++step) {
        writer.step();
        const std::size_t i = static_cast<std::size_t>(step) % queries.size();
        const auto update = live[i].poll();
        ASSERT_TRUE(update || update.error() == Errc::would_block) << update.error().text();
        ASSERT_EQ(text_of(live[i].rows()), fresh(queries[i], live[i].revision()))
            << "step " << step;
        const std::size_t follower = i == 2 ? 1 : 0;
        if (i == 1) continue;
        if (update) followers[follower].take(*update);
        ASSERT_EQ(followers[follower].text(), Follower::text(live[i].rows())) << "step " << step;
    }
}

TEST_F(LiveQueryTest, UpdatesContainWholeCommits) {
    // Each transaction transfers an amount, so the sum is the same at each revision.
    for (int i = 0; i < 50; ++i) client_.put("a/" + std::to_string(i), "100").value();
    LiveQuery live = client_.live_query(scan("a/*").aggregate({sum(""), max("")})).value();
    std::atomic<bool> ends = false;
    std::thread writer([&] {
        Client own = Client::attach({.grid = grid_.name()}).value();
        std::mt19937 random(1);
        std::vector<int> balances(50, 100);
        Pipeline pipeline = own.pipeline().value();
        while (!ends) {
            const std::size_t from = random() % 50;
            const std::size_t to = (from + 1 + random() % 49) % 50;
            const int amount = static_cast<int>(random() % 9);
            balances[from] -= amount;
            balances[to] += amount;
            Transaction transfer;
            transfer.put("a/" + std::to_string(from), std::to_string(balances[from]));
            transfer.put("a/" + std::to_string(to), std::to_string(balances[to]));
            pipeline.commit(transfer).value();
        }
        pipeline.flush().value();
    });
    Revision last = 0;
    for (int i = 0; i < 500; ++i) {
        const auto update = live.next(soon);
        if (!update) {
            ADD_FAILURE() << update.error().text();
            break;
        }
        EXPECT_GT(update->revision, last);
        last = update->revision;
        EXPECT_EQ(live.rows()[0][0].as_int64(), 5000) << "at revision " << last;
    }
    ends = true;
    writer.join();
}

TEST(LiveQuery, ReadsEverythingAgainWhenItWasLapped) {
    const testing::TestGrid grid({"--memory", "64MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    for (int i = 0; i < 20; ++i)
        client.put("r/" + std::to_string(i), R"({"g":)" + std::to_string(i % 3) + "}").value();
    const Query query = scan("r/*").group_by({"/g"}).aggregate({count()});
    LiveQuery live = client.live_query(query).value();
    Follower follower(live.rows(), 1);
    for (int i = 0; i < 5000; ++i) client.put("r/1", R"({"g":7})").value();
    client.remove("r/0").value();
    const auto update = live.next(soon).value();
    EXPECT_TRUE(update.is_rescanned);
    follower.take(update);
    EXPECT_EQ(text_of(live.rows()), "0 6 \n1 6 \n2 6 \n7 1 \n");
    EXPECT_EQ(follower.text(), Follower::text(live.rows()));
    client.remove("r/1").value();
    follower.take(live.next(soon).value());
    EXPECT_EQ(text_of(live.rows()), "0 6 \n1 6 \n2 6 \n");
    EXPECT_EQ(follower.text(), Follower::text(live.rows()));
}

TEST_F(LiveQueryTest, LiveQueryContinuesWithTheNextBroker) {
    client_.put("r/1", "1").value();
    LiveQuery live = client_.live_query(scan("r/*").aggregate({sum("")})).value();
    grid_.kill_broker();
    grid_.start();
    client_.put("r/2", "2").value();
    const auto update = live.next(soon).value();
    EXPECT_EQ(text_of(update.changes[0].row), "3 ");
    EXPECT_EQ(text_of(live.rows()), "3 \n");
}

TEST_F(LiveQueryTest, TakesRowsFromElsewhere) {
    LiveQuerySpec description{.pattern = "r/*",
                              .columns = {"parity", "count"},
                              .row_of =
                                  [](const RecordView& record, std::vector<OwnedScalar>& row) {
                                      const auto number = record.document().as_int64();
                                      if (!number) return false;
                                      row.emplace_back(Scalar::integer(*number % 2));
                                      return true;
                                  },
                              .is_grouped = true,
                              .key_count = 1,
                              .aggregates = {{Aggregate::Kind::count}}};
    for (int i = 0; i < 5; ++i) client_.put("r/" + std::to_string(i), std::to_string(i)).value();
    client_.put("r/x", R"("no number")").value();
    LiveQuery live = client_.live_query(std::move(description)).value();
    EXPECT_EQ(text_of(live.rows()), "0 3 \n1 2 \n");
    client_.put("r/x", "9").value();
    EXPECT_EQ(text_of(live.next(soon)->changes[0].row), "1 3 ");
}

TEST_F(LiveQueryTest, CountIgnoresNullsAndColumnsHaveTheRequestedOrder) {
    const auto row_of = [](const RecordView& record, std::vector<OwnedScalar>& row) {
        row.emplace_back(Scalar::of(record.document()["group"]));
        row.emplace_back(Scalar::of(record.document()["n"]));
        return true;
    };
    LiveQuerySpec description{.pattern = "r/*",
                              .columns = {"with n", "group", "all"},
                              .row_of = row_of,
                              .is_grouped = true,
                              .key_count = 1,
                              .aggregates = {{Aggregate::Kind::count}, {Aggregate::Kind::count, 0}},
                              .shown = {2, 0, 1}};
    client_.put("r/1", R"({"group":"a","n":1})").value();
    client_.put("r/2", R"({"group":"a"})").value();
    LiveQuery live = client_.live_query(std::move(description)).value();
    EXPECT_EQ(text_of(live.rows()), "1 \"a\" 2 \n");
    client_.put("r/1", R"({"group":"a","n":null})").value();
    EXPECT_EQ(text_of(live.next(soon)->changes[0].row), "0 \"a\" 2 ");
    client_.put("r/2", R"({"group":"a","n":"x"})").value();
    EXPECT_EQ(text_of(live.next(soon)->changes[0].row), "1 \"a\" 2 ");
}

TEST_F(LiveQueryTest, RecordWithoutARowEndsTheQueryWithItsError) {
    LiveQuerySpec description{
        .pattern = "r/*",
        .columns = {"n"},
        .row_of = [](const RecordView& record, std::vector<OwnedScalar>& row) -> Result<bool> {
            if (!record.document().is_number()) return Error(Errc::bad_query, "no number");
            row.emplace_back(Scalar::of(record.document()));
            return true;
        }};
    client_.put("r/1", "1").value();
    LiveQuery live = client_.live_query(description).value();
    client_.put("r/2", "null").value();
    const auto failed = live.next(soon);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().detail, "no number");
    client_.put("r/2", "2").value();
    EXPECT_EQ(live.poll().error(), Errc::bad_query) << "for good";
    client_.put("r/2", "null").value();
    EXPECT_EQ(client_.live_query(description).error(), Errc::bad_query);
}

TEST_F(LiveQueryTest, HasALimitOfWhatItRemembers) {
    // The limit counts the memory of the rows, whatever happens to the records.
    LiveQuerySpec description{.pattern = "r/*",
                              .columns = {"text"},
                              .row_of = [](const RecordView&, std::vector<OwnedScalar>& row) {
                                  static const std::string text(limits::live_query_bytes_max / 4,
                                                                'x');
                                  row.emplace_back(Scalar::string(text));
                                  return true;
                              }};
    client_.put("r/1", "1").value();
    LiveQuery live = client_.live_query(description).value();
    for (const char* name : {"r/2", "r/3", "r/4", "r/5"}) client_.put(name, "1").value();
    EXPECT_EQ(live.next(soon).error(), Errc::live_query_too_large);
    EXPECT_EQ(live.poll().error(), Errc::live_query_too_large) << "for good";
    EXPECT_EQ(client_.live_query(description).error(), Errc::live_query_too_large);
}

}  // namespace
}  // namespace ringside
