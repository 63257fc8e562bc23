#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/shared_count.hpp"
#include "tests/support/test_grid.hpp"

/// Readers and watchers in other processes must see whole documents, whole commits, all versions in
/// order and finally the last state, while writers change everything.
namespace ringside {
namespace {

using testing::Child;
using testing::eventually;
using testing::SharedCount;
using testing::soon;
using testing::TestGrid;

using State = std::map<std::string, std::string>;

/// Returns a document of random size whose halves agree.
std::string halves(std::uint64_t n, std::mt19937& random) {
    const std::string number = std::to_string(n);
    std::string fill(random() % 8 == 0 ? random() % 5000 : random() % 100, 'x');
    return R"({"a":)" + number + R"(,"fill":")" + fill + R"(","z":)" + number + "}";
}

std::int64_t half_of(const RecordView& record) {
    const Value document = record.document();
    const auto first = document["a"].as_int64();
    EXPECT_TRUE(first.has_value()) << record.name();
    EXPECT_EQ(first, document["z"].as_int64()) << record.name();
    return first.value_or(-1);
}

State state_of(const Client& client, const std::string& pattern) {
    State state;
    client.snapshot()
        .value()
        .scan(pattern,
              [&](const RecordView& record) {
                  state[std::string(record.name())] = to_json(record.document());
                  return true;
              })
        .value();
    return state;
}

bool is_done(const Client& client) { return client.get("done").has_value(); }

/// Puts and removes 64 records through a pipeline, then puts the record `done`. A removed record
/// need not exist. After half of the writes, waits until `may_continue` returns true.
void write_halves(
    const std::string& grid, int writes,
    const std::function<bool()>& may_continue = [] { return true; }) {
    std::mt19937 random(1);
    Client client = Client::attach({.grid = grid}).value();
    PipelineOptions options;
    options.on_reply = [](std::uint64_t, const Result<WriteResult>& written) {
        EXPECT_TRUE(written || written.error() == Errc::not_found) << written.error().text();
    };
    Pipeline pipeline = client.pipeline(options).value();
    for (int i = 0; i < writes; ++i) {
        if (i == writes / 2) {
            pipeline.flush().value();
            EXPECT_TRUE(may_continue());
        }
        const std::string name = "h/" + std::to_string(random() % 64);
        if (random() % 16 == 0) {
            pipeline.remove(name).value();
        } else {
            pipeline.put(name, halves(static_cast<std::uint64_t>(i), random)).value();
        }
    }
    pipeline.flush().value();
    client.put("done", "true").value();
}

/// The records as one reader saw them. Versions never decrease, change while the reader reads, and
/// the last read sees the writer's final state.
class Seen {
public:
    void look_at(const std::string& name, std::int64_t now) {
        const auto [place, is_first] = first_.try_emplace(name, now);
        EXPECT_GE(now, last_[name]) << name;
        last_[name] = now;
        if (place->second != now) has_changed_ = true;
    }
    /// Counts this reader once, after the first round of reads that saw a record.
    void end_round(const SharedCount& readers) {
        if (!last_.empty() && !std::exchange(is_counted_, true)) readers.add();
    }
    /// REQUIRES: the last round of reads was after the last write.
    void expect_final(const Client& client) const {
        EXPECT_TRUE(has_changed_) << "the reader has looked at one state only";
        const State state = state_of(client, "h/*");
        EXPECT_GT(state.size(), 32U);
        for (const auto& [name, json] : state) {
            const auto document = Document::parse(json).value();
            EXPECT_EQ(last_.at(name), document.root()["a"].as_int64()) << name;
        }
    }

private:
    std::map<std::string, std::int64_t> first_;
    std::map<std::string, std::int64_t> last_;
    bool has_changed_ = false;
    bool is_counted_ = false;
};

/// Calls `round` until one round has begun after the last write.
void look_until_done(const Client& client, const std::function<void()>& round) {
    for (bool was_done = false; !was_done && !::testing::Test::HasFailure();) {
        was_done = is_done(client);
        round();
    }
}

void read_while_writing(int writes) {
    const TestGrid grid({"--memory", "64MiB", "--ring-entries", "1024"});
    const SharedCount reading;
    Child gets([&] {
        const Client client = Client::attach({.grid = grid.name()}).value();
        Seen seen;
        look_until_done(client, [&] {
            for (int i = 0; i < 64; ++i) {
                const std::string name = "h/" + std::to_string(i);
                const auto record = client.get(name);
                if (record) seen.look_at(name, half_of(*record));
                else ASSERT_EQ(record.error(), Errc::not_found);
            }
            seen.end_round(reading);
        });
        seen.expect_final(client);
    });
    Child get_manys([&] {
        const Client client = Client::attach({.grid = grid.name()}).value();
        std::vector<std::string> names;
        for (int i = 0; i < 64; ++i) names.push_back("h/" + std::to_string(i));
        const std::vector<std::string_view> views(names.begin(), names.end());
        Seen seen;
        look_until_done(client, [&] {
            const auto got = client.get_many(views, [&](std::size_t i, const RecordView* record) {
                if (record != nullptr) seen.look_at(names[i], half_of(*record));
            });
            ASSERT_TRUE(got) << got.error().text();
            seen.end_round(reading);
        });
        seen.expect_final(client);
    });
    Child scans([&] {
        const Client client = Client::attach({.grid = grid.name()}).value();
        Seen seen;
        look_until_done(client, [&] {
            const Snapshot snapshot = client.snapshot().value();
            std::vector<std::int64_t> first_pass;
            for (int pass = 0; pass < 2; ++pass) {
                std::size_t count = 0;
                snapshot
                    .scan("h/*",
                          [&](const RecordView& record) {
                              const std::int64_t now = half_of(record);
                              seen.look_at(std::string(record.name()), now);
                              if (pass == 0) first_pass.push_back(now);
                              else EXPECT_EQ(now, first_pass.at(count)) << "a snapshot moved";
                              EXPECT_LE(record.revision(), snapshot.revision());
                              ++count;
                              return true;
                          })
                    .value();
                EXPECT_EQ(count, first_pass.size());
            }
            seen.end_round(reading);
        });
        seen.expect_final(client);
    });
    Child writer([&] { write_halves(grid.name(), writes, [&] { return reading.reaches(3); }); });
    ASSERT_TRUE(writer.join());
    EXPECT_TRUE(gets.join());
    EXPECT_TRUE(get_manys.join());
    EXPECT_TRUE(scans.join());
}

TEST(Consistency, ReadersOfAllKindsSeeWholeDocumentsThatNeverGoBack) {
    read_while_writing(400'000);
}
TEST(LongConsistency, ReadersOfAllKindsSeeWholeDocumentsThatNeverGoBack) {
    read_while_writing(8'000'000);
}

TEST(Consistency, EverySnapshotOfTransactionsAddsUp) {
    // All changes fit into the ring, so that the watcher can start late.
    const TestGrid grid({"--memory", "512MiB", "--ring-entries", "524288"});
    constexpr int transfers = 30'000;
    constexpr int accounts = 40;
    constexpr std::int64_t total = accounts * 100;
    Client client = Client::attach({.grid = grid.name()}).value();
    {
        Transaction begin;
        for (int i = 0; i < accounts; ++i) begin.put("account/" + std::to_string(i), "100");
        client.commit(begin).value();
    }
    const SharedCount looking;
    const SharedCount may_transfer;
    // Two processes make transfers concurrently, each among half of the accounts.
    std::vector<Child> writers;
    for (int half = 0; half < 2; ++half) {
        writers.emplace_back([&grid, &may_transfer, half] {
            ASSERT_TRUE(may_transfer.reaches(1));
            std::mt19937 random(static_cast<unsigned>(half));
            Client own = Client::attach({.grid = grid.name()}).value();
            std::vector<std::int64_t> balance(accounts / 2, 100);
            const auto name = [half](std::size_t i) {
                return "account/" + std::to_string(2 * i + static_cast<std::size_t>(half));
            };
            for (int i = 0; i < transfers; ++i) {
                Transaction transfer;
                for (int part = 0; part < 3; ++part) {
                    const std::size_t from = random() % balance.size();
                    const std::size_t to = random() % balance.size();
                    const auto amount = static_cast<std::int64_t>(random() % 10);
                    balance[from] -= amount;
                    balance[to] += amount;
                    transfer.put(name(from), std::to_string(balance[from]));
                    transfer.put(name(to), std::to_string(balance[to]));
                }
                own.commit(transfer).value();
            }
        });
    }
    Child watcher([&] {
        // Changes of one revision belong together: after the last of them, the sum is right.
        const Client own = Client::attach({.grid = grid.name()}).value();
        Watch watch = own.watch("**", {.mode = WatchMode::every, .from = 1}).value();
        std::map<std::string, std::int64_t> balance;
        Revision current = 0;
        const auto check = [&] {
            std::int64_t sum = 0;
            for (const auto& [name, amount] : balance) sum += amount;
            EXPECT_EQ(sum, total) << "at revision " << current;
        };
        for (;;) {
            const auto event = watch.next(soon);
            ASSERT_TRUE(event) << event.error().text();
            ASSERT_NE(event->kind, WatchKind::lagged);
            if (event->record.name() == "done") break;
            if (event->record.revision() != current) {
                if (current != 0) check();
                current = event->record.revision();
            }
            balance[std::string(event->record.name())] =
                event->record.document().as_int64().value();
            if (HasFailure()) return;
        }
        check();
    });
    Child reader([&] {
        const Client own = Client::attach({.grid = grid.name()}).value();
        std::set<Revision> revisions;
        const auto look = [&] {
            std::int64_t sum = 0;
            const Snapshot snapshot = own.snapshot().value();
            snapshot
                .scan("account/*",
                      [&](const RecordView& record) {
                          sum += record.document().as_int64().value();
                          return true;
                      })
                .value();
            ASSERT_EQ(sum, total);
            revisions.insert(snapshot.revision());
        };
        look();
        looking.add();
        look_until_done(own, look);
        EXPECT_GT(revisions.size(), 1U);
    });
    ASSERT_TRUE(looking.reaches(1));
    may_transfer.add();
    for (Child& writer : writers) ASSERT_TRUE(writer.join());
    client.put("done", "true").value();
    EXPECT_TRUE(reader.join());
    EXPECT_TRUE(watcher.join());
}

/// The state that a watcher has built from the events so far.
struct Replica {
    State state;
    std::map<std::string, Version> versions;
    std::uint64_t changes = 0;

    void apply(const WatchEvent& event) {
        const std::string name(event.record.name());
        ++changes;
        if (event.kind == WatchKind::remove || event.kind == WatchKind::expire) {
            state.erase(name);
        } else {
            state[name] = to_json(event.record.document());
        }
        versions[name] = event.record.version();
    }
};

TEST(Consistency, WatchersOfEveryChangeSeeAllVersionsInOrder) {
    const TestGrid grid({"--memory", "256MiB", "--ring-entries", "131072"});
    const int writes = 60'000;  // all fit into the ring and into the retained memory
    Child watcher([&] {
        const Client client = Client::attach({.grid = grid.name()}).value();
        Watch watch = client.watch("**", {.mode = WatchMode::every, .from = 1}).value();
        Replica replica;
        Revision last = 0;
        Revision of_sessions = 0;
        for (;;) {
            const auto event = watch.next(soon);
            ASSERT_TRUE(event) << event.error().text();
            ASSERT_NE(event->kind, WatchKind::lagged);
            ASSERT_GT(event->record.revision(), last) << "each commit has one change here";
            of_sessions += event->record.revision() - last - 1;
            last = event->record.revision();
            if (event->record.name() == "done") break;
            const std::string name(event->record.name());
            const bool is_new = replica.state.count(name) == 0;
            if (event->kind == WatchKind::put) {
                half_of(event->record);
                ASSERT_EQ(event->record.version(), is_new ? 1 : replica.versions[name] + 1);
            } else {
                ASSERT_EQ(event->kind, WatchKind::remove);
                ASSERT_FALSE(is_new);
            }
            replica.apply(*event);
        }
        EXPECT_LE(of_sessions, 4U) << "two of them come and perhaps go";
        EXPECT_GT(replica.changes, static_cast<std::uint64_t>(writes) * 9 / 10);
        EXPECT_EQ(replica.state, state_of(client, "h/*"));
    });
    Child writer([&] { write_halves(grid.name(), writes); });
    ASSERT_TRUE(writer.join());
    EXPECT_TRUE(watcher.join());
}

/// A ring of 64 entries laps each watcher repeatedly. Each watcher is notified, and ends with the
/// grid's state.
void lap_watchers(int writes) {
    const TestGrid grid({"--memory", "16MiB", "--ring-entries", "64"});
    std::vector<Child> watchers;
    const SharedCount watching;
    for (int i = 0; i < 4; ++i) {
        watchers.emplace_back([&grid, &watching, i] {
            const Client client = Client::attach({.grid = grid.name()}).value();
            Watch watch = client.watch("**", {.initial = true}).value();
            EXPECT_EQ(watch.poll().error(), Errc::would_block) << "nothing is there at first";
            watching.add();
            const auto be_lapped = [&] {
                const Revision lapped = client.revision() + 200;
                EXPECT_TRUE(
                    eventually([&] { return client.revision() >= lapped || is_done(client); }));
            };
            be_lapped();
            Replica replica;
            std::uint64_t lagged = 0;
            for (bool was_done = false;;) {
                // Once the last write has been seen, all remaining events are available.
                const auto event = was_done ? watch.poll() : watch.next(soon);
                if (!event && event.error() == Errc::would_block && was_done) break;
                ASSERT_TRUE(event) << event.error().text();
                if (event->kind == WatchKind::lagged) {
                    // All existing records are delivered again as `current`. The others no longer
                    // exist.
                    ++lagged;
                    replica.state.clear();
                    continue;
                }
                if (event->record.name() == "done") {
                    was_done = true;
                    continue;
                }
                if (event->kind == WatchKind::put || event->kind == WatchKind::current)
                    half_of(event->record);
                replica.apply(*event);
                if (i % 2 == 0 && replica.changes % 1000 == 0 && !was_done) be_lapped();
            }
            EXPECT_GT(lagged, 0U);
            EXPECT_EQ(replica.state, state_of(client, "h/*"));
        });
    }
    ASSERT_TRUE(watching.reaches(watchers.size()));
    Child writer([&] { write_halves(grid.name(), writes); });
    ASSERT_TRUE(writer.join());
    for (Child& watcher : watchers) EXPECT_TRUE(watcher.join());
}

TEST(Consistency, WatchersThatAreLappedEndWithTheFinalState) { lap_watchers(50'000); }
TEST(LongConsistency, WatchersThatAreLappedEndWithTheFinalState) { lap_watchers(1'000'000); }

TEST(Consistency, ProcessThatWasStoppedForLongHarmsNoOtherAndContinues) {
    const TestGrid grid({"--memory", "16MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string text = '"' + std::string(3000, 'x') + '"';
    client.put("first", text).value();
    Child stopped([&] {
        Client own = Client::attach({.grid = grid.name()}).value();
        Watch watch = own.watch("**").value();
        const Snapshot snapshot = own.snapshot({.lease = std::chrono::hours(1)}).value();
        const auto held = own.get("first").value();
        raise(SIGSTOP);
        EXPECT_EQ(snapshot.get("first").error(), Errc::snapshot_expired);
        bool is_lagged = false;
        for (;;) {
            const auto event = watch.next(soon);
            ASSERT_TRUE(event) << event.error().text();
            is_lagged |= event->kind == WatchKind::lagged;
            if (event->record.name() == "last") break;
        }
        EXPECT_TRUE(is_lagged);
        EXPECT_TRUE(own.put("after", "1"));
    });
    ASSERT_TRUE(stopped.stops());
    // Writes several times the memory of the grid.
    for (int i = 0; i < 30'000; ++i) client.put("r/" + std::to_string(i % 100), text).value();
    client.put("last", "1").value();
    stopped.signal(SIGCONT);
    EXPECT_TRUE(stopped.join());
    EXPECT_TRUE(client.get("after"));
}

}  // namespace
}  // namespace ringside
