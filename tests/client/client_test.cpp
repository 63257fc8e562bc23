#include "ringside/client.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/support/asleep.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::TestGrid;

class ClientTest : public ::testing::Test {
protected:
    TestGrid grid_{{"--memory", "64MiB", "--ring-entries", "1024"}};
    Client client_ = attach();

    [[nodiscard]] Client attach() const {
        return Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        return to_json(client_.get(name).value().document());
    }
};

TEST_F(ClientTest, TheExampleOfItsDocumentationWorks) {
    auto client = ringside::Client::attach({.grid = grid_.name()}).value();
    client.put("event/42/seat/A12", R"({"status":"free","price":4200})").value();
    auto record = client.get("event/42/seat/A12").value();
    auto price = record.document()["price"].as_int64();
    EXPECT_EQ(price, 4200);
    EXPECT_EQ(record.version(), 1U);
}

TEST_F(ClientTest, AttachReportsTheReasonOfAFailure) {
    EXPECT_EQ(Client::attach({.grid = "no-such-grid-" + grid_.name()}).error(), Errc::no_such_grid);
    EXPECT_EQ(Client::attach({.grid = "a/b"}).error(), Errc::bad_grid_name);
}

TEST_F(ClientTest, ReadsItsOwnWritesAtTheRevisionThatWasAcknowledged) {
    for (int i = 1; i <= 1000; ++i) {
        const auto written = client_.put("a", std::to_string(i)).value();
        const Record record = client_.get("a").value();
        ASSERT_EQ(record.revision(), written.revision);
        ASSERT_EQ(record.document().as_int64(), i);
    }
}

TEST_F(ClientTest, InvalidNameIsReported) {
    EXPECT_EQ(client_.get("nothing").error(), Errc::not_found);
    EXPECT_EQ(client_.get("a//b").error(), Errc::bad_name);
    EXPECT_EQ(client_.put("", "1").error(), Errc::bad_name);
    EXPECT_EQ(client_.put(std::string(1025, 'n'), "1").error(), Errc::name_too_long);
    EXPECT_TRUE(client_.put(std::string(1024, 'n'), "1"));
    EXPECT_EQ(client_.put("a", "{").error(), Errc::bad_json);
    EXPECT_EQ(client_.patch("a", "x", "1").error(), Errc::bad_pointer);
    EXPECT_EQ(client_.put("a", "1", {.ttl = milliseconds(-1)}).error(), Errc::bad_ttl);
    EXPECT_EQ(client_.get("a").error(), Errc::not_found) << "nothing has changed";
}

TEST_F(ClientTest, WritesUnderConditions) {
    const auto first = client_.put("a", "1", {.condition = Condition::is_absent()}).value();
    EXPECT_EQ(client_.put("a", "2", {.condition = Condition::is_absent()}).error(),
              Errc::condition_failed);
    EXPECT_EQ(client_.remove("a", {.condition = Condition::version_is(9)}).error(),
              Errc::condition_failed);
    EXPECT_TRUE(client_.put("a", "2", {.condition = Condition::revision_is(first.revision)}));
    EXPECT_TRUE(client_.remove("a", {.condition = Condition::version_is(2)}));
    EXPECT_EQ(client_.remove("a").error(), Errc::not_found);
}

TEST_F(ClientTest, PatchesInAllThreeWays) {
    client_.put("a", R"({"l":[1,2],"o":{"x":1}})").value();
    client_.patch("a", "/l/1", "9").value();
    client_.merge("a", R"({"o":{"x":null,"y":2}})").value();
    client_.json_patch("a", R"([{"op":"add","path":"/l/-","value":3}])").value();
    EXPECT_EQ(read("a"), R"({"l":[1,9,3],"o":{"y":2}})");
    EXPECT_EQ(client_.patch("a", "/no/where", "1").error(), Errc::path_not_found);
    EXPECT_EQ(client_.json_patch("a", R"([{"op":"test","path":"/l","value":0}])").error(),
              Errc::test_failed);
}

TEST_F(ClientTest, ATransactionIsAllOrNothing) {
    Transaction transaction;
    ASSERT_TRUE(transaction.put("a", "1"));
    ASSERT_TRUE(transaction.put("b", "2"));
    const CommitResult done = client_.commit(transaction).value();
    EXPECT_EQ(done.versions, (std::vector<Version>{1, 1}));
    EXPECT_EQ(client_.get("a").value().revision(), client_.get("b").value().revision());
    transaction.clear();
    ASSERT_TRUE(transaction.put("a", "9"));
    ASSERT_TRUE(transaction.remove("nothing"));
    const Error refused = client_.commit(transaction).error();
    EXPECT_EQ(refused, Errc::not_found);
    EXPECT_NE(refused.detail.find("write 1 (nothing)"), std::string::npos) << refused.detail;
    EXPECT_EQ(read("a"), "1");
}

TEST_F(ClientTest, RecordsExpire) {
    client_.put("a", "1", {.ttl = testing::never}).value();
    EXPECT_TRUE(client_.get("a"));
    client_.put("a", "1", {.ttl = milliseconds(1)}).value();
    EXPECT_TRUE(eventually([&] { return client_.get("a").error() == Errc::not_found; }));
}

TEST_F(ClientTest, ASnapshotDoesNotMove) {
    const Revision first = client_.put("r/1", "1").value().revision;
    client_.put("r/2", "1").value();
    const Snapshot snapshot = client_.snapshot().value();
    client_.put("r/1", "2").value();
    client_.remove("r/2").value();
    client_.put("r/3", "2").value();
    std::map<std::string, std::string> seen;
    const auto add = [&](const RecordView& record) {
        seen.emplace(record.name(), to_json(record.document()));
        return true;
    };
    ASSERT_TRUE(snapshot.scan("r/*", add));
    EXPECT_EQ(seen, (std::map<std::string, std::string>{{"r/1", "1"}, {"r/2", "1"}}));
    EXPECT_EQ(snapshot.get("r/3").error(), Errc::not_found);
    EXPECT_EQ(client_.snapshot({.revision = 9999}).error(), Errc::future_revision);
    seen.clear();
    ASSERT_TRUE(client_.snapshot({.revision = first}).value().scan("**", add));
    EXPECT_EQ(seen, (std::map<std::string, std::string>{{"r/1", "1"}}));
    ASSERT_TRUE(client_.compact());
    EXPECT_EQ(client_.snapshot({.revision = first}).error(), Errc::compacted);
    EXPECT_TRUE(snapshot.get("r/2")) << "its pin holds";
}

TEST_F(ClientTest, ScansKnowPatternsAndStop) {
    for (const char* name : {"a", "a-b", "a/b", "a/b/c", "a/c", "b"})
        client_.put(name, "1").value();
    const auto names = [&](const std::string& pattern) {
        std::string all;
        const auto add = [&](const RecordView& record) {
            all += (all.empty() ? "" : " ") + std::string(record.name());
            return true;
        };
        client_.snapshot().value().scan(pattern, add).value();
        return all;
    };
    EXPECT_EQ(names("**"), "a a-b a/b a/b/c a/c b");
    EXPECT_EQ(names("a/**"), "a a/b a/b/c a/c");
    EXPECT_EQ(names("a/*"), "a/b a/c");
    EXPECT_EQ(names("*"), "a a-b b");
    EXPECT_EQ(names("a/b"), "a/b");
    EXPECT_EQ(
        client_.snapshot().value().scan("a**", [](const RecordView&) { return true; }).error(),
        Errc::bad_pattern);
}

TEST_F(ClientTest, GetsManyAtOnce) {
    for (int i = 0; i < 100; i += 2)
        client_.put("n/" + std::to_string(i), std::to_string(i)).value();
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i) texts.push_back("n/" + std::to_string(i));
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    std::size_t next = 0;
    ASSERT_TRUE(client_.get_many(names, [&](std::size_t i, const RecordView* record) {
        ASSERT_EQ(i, next++);
        ASSERT_EQ(record != nullptr, i % 2 == 0);
        ASSERT_TRUE(record == nullptr ||
                    record->document().as_int64() == static_cast<std::int64_t>(i));
    }));
    EXPECT_EQ(next, 100U);
}

TEST_F(ClientTest, LargeDocumentsTravelInParts) {
    const std::string text = '"' + std::string(10U << 20, 'x') + '"';
    ASSERT_TRUE(client_.put("large", text));
    EXPECT_EQ(client_.get("large").value().document().as_string()->size(), 10U << 20);
    EXPECT_EQ(client_.put("large", '"' + std::string(17U << 20, 'x') + '"').error(),
              Errc::document_too_large);
}

TEST_F(ClientTest, APipelineAnswersInOrder) {
    std::vector<std::uint64_t> tickets;
    PipelineOptions options;
    int refused = 0;
    options.on_reply = [&](std::uint64_t ticket, const Result<WriteResult>& result) {
        tickets.push_back(ticket);
        if (!result) ++refused;
    };
    Pipeline pipeline = client_.pipeline(options).value();
    constexpr std::uint64_t count = 20'000;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto ticket = i % 1000 == 0 ? pipeline.remove("nothing")
                                          : pipeline.put("p/" + std::to_string(i % 7), "1");
        ASSERT_EQ(ticket.value(), i);
    }
    ASSERT_TRUE(pipeline.flush());
    ASSERT_EQ(tickets.size(), count);
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(tickets[i], i + 1);
    EXPECT_EQ(refused, 20);
    EXPECT_EQ(pipeline.pending(), 0U);
}

TEST_F(ClientTest, AFullLaneWouldBlockIfAskedTo) {
    PipelineOptions options;
    options.block = false;
    const Revision before = client_.revision();
    Pipeline pipeline = client_.pipeline(options).value();
    ::kill(grid_.broker(), SIGSTOP);
    Errc met = Errc::ok;
    const std::string text = '"' + std::string(1000, 'x') + '"';
    for (int i = 0; i < 10'000 && met == Errc::ok; ++i) {
        const auto sent = pipeline.put("a", text);
        if (!sent) met = sent.error().code;
    }
    ::kill(grid_.broker(), SIGCONT);
    EXPECT_EQ(met, Errc::would_block);
    EXPECT_GT(pipeline.pending(), 100U);
    ASSERT_TRUE(pipeline.flush());
    EXPECT_EQ(before + client_.get("a").value().version(), client_.get("a").value().revision());
}

TEST_F(ClientTest, EachThreadHasItsOwnLane) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 300; ++i) {
                const std::string name = "t/" + std::to_string(t);
                ASSERT_TRUE(client_.put(name, std::to_string(i)));
                ASSERT_EQ(client_.get(name).value().document().as_int64(), i);
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST_F(ClientTest, ManyRecordsCanBeHeldAtOnce) {
    client_.put("a", "1").value();
    Record first = client_.get("a").value();
    client_.put("a", "2").value();
    const Record second = client_.get("a").value();
    EXPECT_EQ(first.document().as_int64(), 1);
    EXPECT_EQ(second.document().as_int64(), 2);
    first = client_.get("a").value();
    EXPECT_EQ(first.document().as_int64(), 2);
    EXPECT_TRUE(first.check());
}

TEST_F(ClientTest, ReaderContinuesWhileTheBrokerIsDeadAndFindsTheNextOne) {
    client_.put("a", "1").value();
    grid_.kill_broker();
    EXPECT_EQ(read("a"), "1");
    std::atomic<pid_t> thread = 0;
    std::thread writer([&] {
        thread = gettid();
        EXPECT_EQ(client_.put("a", "2")->version, 2U);
    });
    EXPECT_TRUE(eventually([&] { return thread != 0 && testing::is_asleep(thread); }))
        << "it waits for the next broker";
    grid_.start();
    writer.join();
    EXPECT_EQ(read("a"), "2");
}

TEST_F(ClientTest, AnEndedGridIsNoticedByItsReaders) {
    client_.put("a", "1").value();
    const Snapshot snapshot = client_.snapshot().value();
    EXPECT_EQ(grid_.stop(), 0);
    Client other = std::move(client_);
    EXPECT_TRUE(snapshot.get("a")) << "what is pinned stays";
    grid_.start();
    EXPECT_EQ(other.get("a").error(), Errc::not_found) << "a new and empty grid";
    client_ = std::move(other);
}

}  // namespace
}  // namespace ringside
