#include <dirent.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "ringside/client.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/shared_count.hpp"
#include "tests/support/test_grid.hpp"

/// Clients killed at an arbitrary instruction must not affect the others, and leave nothing behind.
namespace ringside {
namespace {

using testing::eventually;
using testing::LaneClient;
using testing::RawClient;
using testing::SharedCount;
using testing::TestGrid;

std::size_t descriptors_of(pid_t process) {
    DIR* directory = opendir(("/proc/" + std::to_string(process) + "/fd").c_str());
    std::size_t count = 0;
    while (readdir(directory) != nullptr) ++count;
    closedir(directory);
    return count;
}

/// The work of a client until it is killed: documents whose halves agree, and all kinds of reads.
/// `rounds` counts its work.
[[noreturn]] void live(const std::string& grid, unsigned seed, const SharedCount& rounds) {
    std::mt19937 random(seed);
    Client client = Client::attach({.grid = grid}).value();
    Watch watch = client.watch("k/**").value();
    for (;;) {
        const std::string n = std::to_string(random() % 1'000'000);
        const std::string fill(random() % 3000, 'x');
        const std::string document = R"({"a":)" + n + R"(,"fill":")" + fill + R"(","b":)" + n + "}";
        static_cast<void>(client.put("k/" + std::to_string(random() % 50), document));
        const auto held = client.get("k/" + std::to_string(random() % 50));
        auto snapshot = client.snapshot();
        static_cast<void>(snapshot->scan("k/**", [](const RecordView&) { return true; }));
        while (watch.poll()) {
        }
        Pipeline pipeline = client.pipeline().value();
        for (int i = 0; i < 20; ++i) static_cast<void>(pipeline.put("k/p", document));
        rounds.add();
    }
}

/// Expects that all records of a snapshot are whole.
void expect_whole(const Client& client) {
    const Snapshot snapshot = client.snapshot().value();
    snapshot
        .scan("k/**",
              [](const RecordView& record) {
                  const Value document = record.document();
                  EXPECT_TRUE(document["a"].as_int64().has_value());
                  EXPECT_EQ(document["a"].as_int64(), document["b"].as_int64()) << record.name();
                  return true;
              })
        .value();
}

std::uint64_t heap_without_table(const shm::Counters& counters) {
    return counters.heap_bytes_used.load() - counters.table_entries.load() * sizeof(shm::Word);
}

void kill_clients(int rounds) {
    const TestGrid grid({"--memory", "32MiB", "--ring-entries", "1024"});
    Client honest = Client::attach({.grid = grid.name()}).value();
    const shm::Segment segment = shm::Segment::open(grid.name()).value();
    const auto& counters = segment.header().counters;
    ASSERT_TRUE(eventually([&] { return counters.sessions_open.load() == 1; }));
    honest.compact().value();
    ASSERT_TRUE(eventually([&] { return counters.retired_blocks.load() == 0; }));
    const std::uint64_t heap_at_first = heap_without_table(counters);
    ASSERT_LT(heap_at_first, 1024U);
    honest.put("honest", "0").value();
    const std::size_t descriptors = descriptors_of(grid.broker());

    std::mt19937 random(20261123);
    Revision last = 0;
    const SharedCount rounds_of_clients;
    for (int round = 1; round <= rounds; ++round) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) live(grid.name(), static_cast<unsigned>(round), rounds_of_clients);
        // Most clients are killed at an arbitrary point; some must have done work first.
        if (round % 10 == 0) {
            ASSERT_TRUE(rounds_of_clients.reaches(rounds_of_clients.value() + 1));
        }
        usleep(static_cast<useconds_t>(random() % 10'000));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        const auto written = honest.put("honest", std::to_string(round));
        ASSERT_TRUE(written) << "round " << round << ": " << written.error().text();
        ASSERT_GT(written->revision, last);
        last = written->revision;
        ASSERT_EQ(honest.get("honest")->document().as_int64(), round);
        if (round % 20 == 0) expect_whole(honest);
        if (::testing::Test::HasFailure()) FAIL() << "in round " << round;
    }
    EXPECT_TRUE(eventually([&] { return counters.sessions_open.load() == 1; }))
        << counters.sessions_open.load();
    // Fewer than at first is no leak: the welcome of the first session may have been in flight
    // then.
    EXPECT_TRUE(eventually([&] { return descriptors_of(grid.broker()) <= descriptors; }))
        << descriptors_of(grid.broker()) << ", at first " << descriptors;

    // Without records, only the table and the earlier memory remain: the record of a session and a
    // node of the index.
    std::vector<std::string> names;
    honest.snapshot()
        ->scan("**",
               [&](const RecordView& record) {
                   names.emplace_back(record.name());
                   return true;
               })
        .value();
    EXPECT_GT(names.size(), 1U) << "the clients that were killed have written";
    for (const std::string& name : names) honest.remove(name).value();
    EXPECT_TRUE(eventually([&] {
        honest.compact().value();
        return heap_without_table(counters) == heap_at_first;
    })) << heap_without_table(counters);
}

TEST(KilledClients, CostOthersNothingAndLeaveNothing) { kill_clients(2000); }
TEST(LongKilledClients, CostOthersNothingAndLeaveNothing) { kill_clients(20'000); }

TEST(StalledClients, KeepTheirPinsUntilTheLeaseEndsAndHarmNoOne) {
    const TestGrid grid({"--memory", "16MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string text = '"' + std::string(3000, 'x') + '"';
    client.put("a", text).value();
    const Snapshot stalled = client.snapshot({.lease = std::chrono::hours(1)}).value();
    // Ten times the memory is written to one record. The pin must not prevent its reuse.
    for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(client.put("a", text)) << i;
    EXPECT_EQ(stalled.get("a").error(), Errc::snapshot_expired);
    EXPECT_TRUE(client.snapshot()->get("a"));
}

TEST(StalledClients, ClientThatDoesNotDrainItsRepliesStopsOnlyItself) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    RawClient raw(grid.name());
    ASSERT_TRUE(raw.attach());
    const shm::Segment segment = shm::Segment::open(grid.name()).value();
    const shm::SessionEntry& entry = segment.view().session(raw.welcome.session_index);
    LaneClient lane(raw.memory(), 0);
    raw.memory().control().lanes_open = 1;
    // Fills the reply ring and then the request ring, because no reply is ever taken.
    std::uint64_t sent = 0;
    const auto send_until_full = [&] {
        while (lane.put("b", "1")) ++sent;
        raw.ring();
    };
    std::uint64_t served = 0;
    EXPECT_TRUE(eventually([&] {
        send_until_full();
        const std::uint64_t before = std::exchange(served, entry.requests.load());
        // The count is updated some time after the requests were served.
        return served > 0 && served == before && sent > served &&
               lane.control().broker_reply.reply_tail.load() > shm::reply_ring_bytes / 2;
    }));
    for (int i = 0; i < 5000; ++i) ASSERT_TRUE(client.put("a", std::to_string(i)));
    EXPECT_EQ(client.get("a")->document().as_int64(), 4999);
    EXPECT_FALSE(raw.is_closed()) << "it has broken no rule";
    // Service resumes at the same point.
    std::uint64_t answered = 0;
    EXPECT_TRUE(eventually([&] {
        answered += lane.take_all().size();
        raw.ring();
        return answered == sent;
    })) << answered
        << " of " << sent;
}

TEST(FullGrid, FullGridRefusesWritesButReadsAndDeletesWork) {
    const TestGrid grid({"--memory", "8MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string text = '"' + std::string(3000, 'x') + '"';
    int count = 0;
    Result<WriteResult> written = WriteResult{};
    for (; written; ++count) written = client.put("r/" + std::to_string(count), text);
    ASSERT_EQ(written.error(), Errc::grid_full);
    ASSERT_GT(count, 500);
    EXPECT_TRUE(client.get("r/0"));
    for (int i = 0; i < count / 2; ++i) ASSERT_TRUE(client.remove("r/" + std::to_string(i))) << i;
    for (int i = 0; i < count / 3; ++i)
        ASSERT_TRUE(client.put("n/" + std::to_string(i), text)) << i;
}

}  // namespace
}  // namespace ringside
