#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "ringside/client.hpp"
#include "tests/end_to_end/text_of.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

/// A grid continues when its broker is killed, replaced or upgraded.
namespace ringside {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::Process;
using testing::soon;
using testing::TemporaryDirectory;
using testing::TestGrid;
using testing::text_of;

/// Progress shared between a worker and the thread that kills its broker.
struct Progress {
    std::atomic<std::uint64_t> steps = 0;
    std::atomic<bool> stop = false;
};

/// Runs work in a thread while the broker is killed and restarted `kills` times, after at least
/// `steps` steps each. (A broker ends with the thread that starts it, so the calling thread starts
/// the brokers.)
void work_while_killing(TestGrid& grid, int kills, std::uint64_t steps,
                        const std::function<void(Progress&)>& work) {
    Progress progress;
    std::atomic<bool> has_ended = false;
    std::thread worker([&] {
        work(progress);
        has_ended = true;
    });
    std::mt19937 random(7);
    for (int i = 0; i < kills; ++i) {
        const std::uint64_t goal = progress.steps + steps + random() % steps;
        EXPECT_TRUE(eventually([&] { return progress.steps >= goal || has_ended; }));
        usleep(static_cast<useconds_t>(random() % 2000));  // so that it dies at an arbitrary point
        grid.kill_broker();
        grid.start();
    }
    progress.stop = true;
    worker.join();
}

TEST(WarmRestart, KeepsRecordsVersionsAndLifetimes) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    for (int i = 0; i < 5000; ++i) client.put("r/" + std::to_string(i), std::to_string(i)).value();
    for (int i = 0; i < 100; ++i)
        client.put("r/7", "\"" + std::string(static_cast<std::size_t>(i) * 37, 'x') + "\"").value();
    for (int i = 0; i < 5000; i += 10) client.remove("r/" + std::to_string(i)).value();
    client.put("short", "1", {.ttl = 600ms}).value();
    const Revision before = client.put("last", "1")->revision;
    grid.kill_broker();
    grid.start();
    const auto written = client.put("last", "2").value();
    EXPECT_GT(written.revision, before);
    EXPECT_EQ(written.version, 2U);
    EXPECT_EQ(client.get("r/7")->version(), 101U);
    for (int i = 0; i < 5000; ++i) {
        if (i == 7) continue;
        ASSERT_EQ(text_of(client, "r/" + std::to_string(i)),
                  i % 10 == 0 ? "not_found" : std::to_string(i));
    }
    std::size_t met = 0;
    client.snapshot()
        ->scan("r/*",
               [&](const RecordView&) {
                   ++met;
                   return true;
               })
        .value();
    EXPECT_EQ(met, 4500U);
    EXPECT_TRUE(eventually([&] { return text_of(client, "short") == "not_found"; }));
    // All records can be overwritten and removed.
    for (int i = 0; i < 5000; ++i) client.put("r/" + std::to_string(i), "true").value();
    for (int i = 0; i < 5000; ++i) client.remove("r/" + std::to_string(i)).value();
    client.compact().value();
    EXPECT_TRUE(eventually(
        [&] { return shm::Segment::open(grid.name())->header().counters.records.load() == 1; }));
}

TEST(WarmRestart, ASnapshotStaysWhatItIs) {
    TestGrid grid({"--memory", "16MiB", "--ring-entries", "256"});
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    for (int i = 0; i < 200; ++i) client.put("r/" + std::to_string(i), std::to_string(i)).value();
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::minutes(5)}).value();
    const auto check = [&] {
        int met = 0;
        snapshot
            .scan("r/*",
                  [&](const RecordView& record) {
                      EXPECT_EQ("r/" + to_json(record.document()), record.name());
                      ++met;
                      return true;
                  })
            .value();
        EXPECT_EQ(met, 200);
    };
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 200; ++i) client.put("r/" + std::to_string(i), "null").value();
        check();
        grid.kill_broker();
        check();
        grid.start();
        check();
        // Far more than the ring and the memory retain by default.
        for (int i = 0; i < 2000; ++i) client.put("x/" + std::to_string(i % 40), "[1,2,3]").value();
        check();
    }
}

TEST(WarmRestart, AWatchMissesNothing) {
    TestGrid grid({"--memory", "64MiB", "--ring-entries", "65536"});
    work_while_killing(grid, 5, 500, [&](Progress& progress) {
        Client writer = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        const Client reader = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        Watch watch = reader.watch("n", {.mode = WatchMode::every}).value();
        int written = 0;
        int seen = 0;
        const auto take = [&] {
            while (auto event = watch.poll()) {
                ASSERT_EQ(event->kind, WatchKind::put);
                ASSERT_EQ(to_json(event->record.document()), std::to_string(++seen));
            }
        };
        for (; !progress.stop || written < 100; ++progress.steps) {
            const auto result = writer.put("n", std::to_string(++written));
            ASSERT_TRUE(result) << result.error().text();
            take();
        }
        take();
        EXPECT_EQ(seen, written);
    });
}

/// Requests in flight when the broker dies are applied once and answered.
TEST(WarmRestart, RequestsUnderWayAreAppliedOnce) {
    TestGrid grid({"--memory", "64MiB", "--ring-entries", "65536"});
    work_while_killing(grid, 8, 50, [&](Progress& progress) {
        Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        std::uint64_t tickets = 0;
        std::uint64_t answers = 0;
        std::uint64_t version = 0;
        Pipeline pipeline =
            client
                .pipeline({.on_reply =
                               [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                                   EXPECT_EQ(ticket, ++answers);
                                   ASSERT_TRUE(result) << result.error().text();
                                   ASSERT_EQ(result->version, ++version);
                               }})
                .value();
        for (; !progress.stop; ++progress.steps) {
            for (int i = 0; i < 100; ++i) {
                const auto sent = pipeline.put("n", std::to_string(++tickets));
                ASSERT_TRUE(sent) << sent.error().text();
            }
        }
        const auto flushed = pipeline.flush();
        ASSERT_TRUE(flushed) << flushed.error().text();
        EXPECT_EQ(answers, tickets);
        EXPECT_EQ(client.get("n")->version(), tickets);
        EXPECT_EQ(text_of(client, "n"), std::to_string(tickets));
    });
}

/// Messages of many frames may be lost halfway, and are sent again.
TEST(WarmRestart, LargeRequestsArriveWholeAndOnce) {
    TestGrid grid({"--memory", "128MiB", "--ring-entries", "4096"});
    work_while_killing(grid, 10, 2, [&](Progress& progress) {
        Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        std::uint64_t version = 0;
        for (; !progress.stop || version < 10; ++progress.steps) {
            const std::string text(1'000'000 + version % 7 * 100'000,
                                   static_cast<char>('a' + version % 26));
            const auto written = client.put("large", "\"" + text + "\"");
            ASSERT_TRUE(written) << written.error().text();
            ASSERT_EQ(written->version, ++version);
            const Record record = client.get("large").value();
            ASSERT_EQ(record.document().as_string().value_or(""), text);
        }
    });
}

TEST(WarmRestart, APlainReaderFailsAtNoTime) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    for (int i = 0; i < 100; ++i) client.put("r/" + std::to_string(i), std::to_string(i)).value();
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> reads = 0;
    std::thread reader([&] {
        const Client mine = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        while (!stop) {
            for (int i = 0; i < 100; ++i) {
                const auto record = mine.get("r/" + std::to_string(i));
                ASSERT_TRUE(record) << record.error().text();
                ASSERT_EQ(to_json(record->document()), std::to_string(i));
                ASSERT_TRUE(record->check());
            }
            const Snapshot snapshot = mine.snapshot().value();
            std::size_t met = 0;
            ASSERT_TRUE(snapshot.scan("r/*", [&](const RecordView&) {
                ++met;
                return true;
            }));
            ASSERT_EQ(met, 100U);
            ++reads;
        }
    });
    for (int i = 0; i < 5; ++i) {
        const auto reads_on = [&] {
            const std::uint64_t before = reads;
            return eventually([&] { return reads > before + 10; });
        };
        EXPECT_TRUE(reads_on()) << "with a broker";
        grid.kill_broker();
        EXPECT_TRUE(reads_on()) << "without a broker";
        grid.start();
        for (int round = 0; round < 20; ++round) client.put("other", "1").value();
    }
    stop = true;
    reader.join();
}

TEST(WarmRestart, ASegmentThatIsNotFitIsKeptAsideAndTheStoreTakesItsPlace) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    const std::string path = shm::GridPaths::of(grid.name())->segment_path;
    {
        Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        for (int i = 0; i < 1000; ++i) {
            client.put("r/" + std::to_string(i), std::to_string(i)).value();
        }
        client.put("last", "1", {.grade = Grade::durable}).value();
    }
    std::mt19937 random(3);
    for (int round = 0; round < 25; ++round) {
        SCOPED_TRACE(round);
        grid.kill_broker();
        {
            // Flips random bits of the header and of the span table.
            std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
            ASSERT_TRUE(file);
            for (int flips = 0; flips < 4; ++flips) {
                const auto at = static_cast<std::streamoff>(random() % sizeof(shm::Header));
                file.seekg(at);
                char byte = static_cast<char>(file.get());
                byte = static_cast<char>(byte ^ (1 << (random() % 8)));
                file.seekp(at);
                file.put(byte);
            }
        }
        if (round % 5 == 4) std::filesystem::resize_file(path, random() % (32U << 20));
        grid.start();
        Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        ASSERT_EQ(text_of(client, "last"), "1");
        for (int i = 0; i < 1000; i += 37) {
            ASSERT_EQ(text_of(client, "r/" + std::to_string(i)), std::to_string(i));
        }
        ASSERT_TRUE(client.put("other", "1"));
    }
    EXPECT_TRUE(std::filesystem::exists(path + ".damaged"));
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        if (entry.path().string().starts_with(path + ".damaged")) {
            std::filesystem::remove(entry.path());
        }
    }
}

TEST(WarmRestart, AGridInMemoryCanBeGivenAStore) {
    const TemporaryDirectory directory;
    TestGrid grid;
    {
        Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        for (int i = 0; i < 3000; ++i) {
            client.put("r/" + std::to_string(i), std::to_string(i)).value();
        }
        grid.kill_broker();
        grid.set_options({"--memory", "64MiB", "--data", directory / "data"});
        grid.start();
        client.put("last", "1", {.grade = Grade::durable}).value();
    }
    grid.lose();
    grid.start();
    const Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    EXPECT_EQ(text_of(client, "last"), "1");
    for (int i = 0; i < 3000; ++i) {
        ASSERT_EQ(text_of(client, "r/" + std::to_string(i)), std::to_string(i));
    }
}

TEST(Succession, StandbyTakesOverWhenTheOwnerDies) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    client.put("a", "1").value();
    Process standby({built::broker, "--grid", grid.name(), "--standby"});
    EXPECT_EQ(standby.read_line().rfind("standby", 0), 0U);
    client.put("a", "2").value();
    grid.kill_broker();
    EXPECT_EQ(client.put("a", "3")->version, 3U);
    EXPECT_EQ(standby.read_line().rfind("ready", 0), 0U);
    EXPECT_EQ(text_of(client, "a"), "3");
    EXPECT_EQ(standby.finish(SIGTERM), 0);
}

TEST(Succession, StandbyEndsOnASignal) {
    TestGrid grid;
    Process standby({built::broker, "--grid", grid.name(), "--standby"});
    EXPECT_EQ(standby.read_line().rfind("standby", 0), 0U);
    EXPECT_EQ(standby.finish(SIGTERM), 0);
    EXPECT_TRUE(Client::attach({.grid = grid.name()})) << "the owner is there still";
}

TEST(Succession, AnUpgradeIsNotNoticedByWritersAndReaders) {
    const TemporaryDirectory directory;
    const std::vector<std::string> command{built::broker, "--memory", "64MiB",
                                           "--take-over", "--data",   directory / "data"};
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data"});
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> written = 0;
    std::thread writer([&] {
        Client mine = Client::attach({.grid = grid.name(), .timeout = soon}).value();
        while (!stop) {
            const Grade grade = written % 10 == 0 ? Grade::durable : Grade::applied;
            const auto result = mine.put("n", std::to_string(written + 1), {.grade = grade});
            ASSERT_TRUE(result) << result.error().text();
            ASSERT_EQ(result->version, ++written);
        }
    });
    std::vector<std::unique_ptr<Process>> brokers;
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t before = written;
        EXPECT_TRUE(eventually([&] { return written > before + 50; }));
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.begin() + 1, {"--grid", grid.name()});
        brokers.push_back(std::make_unique<Process>(arguments));
        ASSERT_EQ(brokers.back()->read_line().rfind("ready", 0), 0U);
        if (i == 0) EXPECT_EQ(grid.wait(), 0);
        else EXPECT_EQ(brokers[static_cast<std::size_t>(i) - 1]->finish(0), 0);
    }
    stop = true;
    writer.join();
    EXPECT_EQ(text_of(client, "n"), std::to_string(written));
    EXPECT_EQ(brokers.back()->finish(SIGTERM), 0);
}

TEST(Succession, ABrokerCanLeaveTheGridToTheNextOne) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = soon}).value();
    client.put("a", "1").value();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(grid.leave(), 0);
        EXPECT_EQ(text_of(client, "a"), "1");
        grid.start();
    }
    EXPECT_EQ(client.put("a", "2")->version, 2U);
}

TEST(Succession, TakeOverWithoutABrokerIsAPlainStart) {
    TestGrid grid;
    EXPECT_EQ(grid.stop(), 0);
    Process broker({built::broker, "--grid", grid.name(), "--take-over"});
    EXPECT_EQ(broker.read_line().rfind("ready", 0), 0U);
    EXPECT_EQ(broker.finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside
