#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <thread>

#include "ringside/client.hpp"
#include "tests/end_to_end/text_of.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

/// Writes survive the loss of broker and segment, as far as their grade promises.
namespace ringside {
namespace {

using testing::eventually;
using testing::Process;
using testing::TemporaryDirectory;
using testing::TestGrid;
using testing::text_of;

std::vector<std::string> stored_in(const std::string& directory,
                                   std::vector<std::string> more = {}) {
    std::vector<std::string> options{"--memory", "64MiB",  "--ring-entries",
                                     "4096",     "--data", directory};
    options.insert(options.end(), more.begin(), more.end());
    return options;
}

/// Holds even for a grid that was lost before its store had written anything, as usually happens
/// here.
TEST(Durability, RevisionsAreNotGivenTwice) {
    const TemporaryDirectory directory;
    TestGrid grid(stored_in(directory / "data", {"--durability-interval-ms", "60000"}));
    Revision seen = 0;
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        for (int i = 0; i < 10; ++i) seen = client.put("a", "1")->revision;
    }
    grid.lose();
    grid.start();
    Client client = Client::attach({.grid = grid.name()}).value();
    EXPECT_GT(client.put("a", "1")->revision, seen);
}

TEST(Durability, AnOrderlyEndKeepsEverything) {
    const TemporaryDirectory directory;
    TestGrid grid(stored_in(directory / "data"));
    Revision last = 0;
    std::uint64_t updated_ns = 0;
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        client.put("kept", R"({"n":1})").value();
        client.patch("kept", "/n", "2").value();
        client.put("removed", "1").value();
        client.remove("removed").value();
        updated_ns = client.get("kept")->updated_ns();
        last = client.put("short-lived", "1", {.ttl = std::chrono::hours(1)})->revision;
    }
    EXPECT_EQ(grid.stop(), 0);
    grid.start();
    Client client = Client::attach({.grid = grid.name()}).value();
    const Record kept = client.get("kept").value();
    EXPECT_EQ(to_json(kept.document()), R"({"n":2})");
    EXPECT_EQ(kept.version(), 2U);
    EXPECT_GT(updated_ns, 0U);
    EXPECT_EQ(kept.updated_ns(), updated_ns);
    EXPECT_EQ(text_of(client, "removed"), "not_found");
    EXPECT_GT(client.get("short-lived")->expires_ms(), 0U);
    const auto written = client.patch("kept", "/n", "3");
    EXPECT_GT(written->revision, last);
    EXPECT_EQ(written->version, 3U);
    // Earlier changes are not in this ring, and no watch claims that they are.
    EXPECT_EQ(client.watch("**", {.from = 1}).error().code, Errc::compacted);
    EXPECT_TRUE(client.watch("**", {.from = written->revision}));
}

TEST(Durability, ADurableWriteOutlivesBrokerAndSegment) {
    for (const char* policy : {"none", "periodic", "always"}) {
        SCOPED_TRACE(policy);
        const TemporaryDirectory directory;
        TestGrid grid(stored_in(directory / "data", {"--durability", policy}));
        {
            Client client = Client::attach({.grid = grid.name()}).value();
            for (int i = 0; i < 20; ++i) {
                client.put("r" + std::to_string(i), std::to_string(i), {.grade = Grade::durable})
                    .value();
            }
            Transaction both;
            both.put("t1", "1", {.grade = Grade::durable}).value();
            both.put("t2", "2").value();
            client.commit(both).value();
        }
        grid.lose();
        grid.start();
        Client client = Client::attach({.grid = grid.name()}).value();
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(text_of(client, "r" + std::to_string(i)), std::to_string(i));
        }
        EXPECT_EQ(text_of(client, "t1"), "1");
        EXPECT_EQ(text_of(client, "t2"), "2");
    }
}

TEST(Durability, RepliesOfALaneKeepTheirOrderWhileSomeWaitForTheDisk) {
    const TemporaryDirectory directory;
    const TestGrid grid(stored_in(directory / "data"));
    Client client = Client::attach({.grid = grid.name()}).value();
    std::uint64_t last = 0;
    std::size_t refused = 0;
    Pipeline pipeline =
        client
            .pipeline({.on_reply =
                           [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                               EXPECT_EQ(ticket, last + 1);
                               last = ticket;
                               if (!result) ++refused;
                           }})
            .value();
    for (int i = 0; i < 30'000; ++i) {
        WriteOptions options;
        if (i % 3 == 0) options.grade = Grade::durable;
        if (i % 7 == 0) options.condition = Condition::version_is(1'000'000);
        ASSERT_TRUE(pipeline.put("r" + std::to_string(i % 100), std::to_string(i), options));
    }
    ASSERT_TRUE(pipeline.flush());
    EXPECT_EQ(last, 30'000U);
    EXPECT_EQ(refused, 30'000U / 7 + 1);
}

TEST(Durability, NothingCanBeDurableInMemoryOnly) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(client.put("r", "1", {.grade = Grade::durable}).error().code, Errc::memory_only);
    EXPECT_EQ(text_of(client, "r"), "not_found");
}

/// A writer that is faster than the disk is slowed down, and the store misses no change.
TEST(Durability, TheStoreIsNeverLapped) {
    const TemporaryDirectory directory;
    constexpr int writes = 200'000;
    TestGrid grid({"--memory", "64MiB", "--ring-entries", "256", "--data", directory / "data"});
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        Pipeline pipeline = client.pipeline().value();
        for (int i = 0; i < writes; ++i) {
            ASSERT_TRUE(pipeline.put("r" + std::to_string(i % 5000), std::to_string(i)));
        }
        ASSERT_TRUE(pipeline.flush());
    }
    EXPECT_EQ(grid.stop(), 0);
    grid.start();
    const Client client = Client::attach({.grid = grid.name()}).value();
    for (int i = writes - 5000; i < writes; ++i) {
        ASSERT_EQ(text_of(client, "r" + std::to_string(i % 5000)), std::to_string(i));
    }
}

TEST(Durability, UnusableDirectoryIsReported) {
    const TemporaryDirectory directory;
    {
        TestGrid grid(stored_in(directory / "data"));
        EXPECT_EQ(grid.stop(), 0);
        grid.start();
        // The store of another grid.
        Process other(
            {built::broker, "--grid", grid.name() + "-other", "--data", directory / "data"});
        EXPECT_EQ(other.finish(0), 1);
        EXPECT_NE(other.errors().find("is the store of grid '" + grid.name()), std::string::npos);
    }
    std::ofstream(directory / "file") << "x";
    Process broker({built::broker, "--grid", "test-" + std::to_string(getpid()) + "-file", "--data",
                    directory / "file/data"});
    EXPECT_EQ(broker.finish(0), 1);
    EXPECT_NE(broker.errors().find("Not a directory"), std::string::npos);
}

/// If the disk is full, the grid is readable, reports why it cannot be written, and resumes
/// automatically. A limit on the size of the broker's files stands for the full disk.
TEST(Durability, AFullDiskTurnsTheGridReadOnlyUntilThereIsRoom) {
    const TemporaryDirectory directory;
    TestGrid grid(stored_in(directory / "data"));
    Client client = Client::attach({.grid = grid.name()}).value();
    const shm::Segment segment = shm::Segment::open(grid.name()).value();
    client.put("before", "1", {.grade = Grade::durable}).value();

    const rlimit full{1024, RLIM_INFINITY};
    ASSERT_EQ(prlimit(grid.broker(), RLIMIT_FSIZE, &full, nullptr), 0);
    const std::string large = "\"" + std::string(100'000, 'x') + "\"";
    const auto durable = client.put("during", large, {.grade = Grade::durable});
    ASSERT_FALSE(durable);
    EXPECT_TRUE(durable.error() == Errc::not_durable || durable.error() == Errc::read_only)
        << durable.error().text();
    EXPECT_FALSE(durable.error().detail.empty());
    const auto refused = client.put("during", "2");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::read_only);
    EXPECT_NE(refused.error().detail.find("File too large"), std::string::npos)
        << refused.error().detail;
    EXPECT_NE(segment.header().store.failure().find("File too large"), std::string::npos);
    EXPECT_EQ(text_of(client, "before"), "1");

    const rlimit room{RLIM_INFINITY, RLIM_INFINITY};
    ASSERT_EQ(prlimit(grid.broker(), RLIMIT_FSIZE, &room, nullptr), 0);
    ASSERT_TRUE(eventually([&] { return client.put("after", "3").has_value(); }));
    EXPECT_TRUE(segment.header().store.failure().empty());
    client.put("after", "4", {.grade = Grade::durable}).value();
    grid.lose();
    grid.start();
    Client again = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(text_of(again, "before"), "1");
    EXPECT_EQ(text_of(again, "after"), "4");
}

/// After an orderly end while the store cannot write, the segment keeps the missing changes.
TEST(Durability, AnEndWithAFullDiskLosesNothing) {
    const TemporaryDirectory directory;
    TestGrid grid(stored_in(directory / "data", {"--durability-interval-ms", "60000"}));
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        const rlimit full{1024, RLIM_INFINITY};
        ASSERT_EQ(prlimit(grid.broker(), RLIMIT_FSIZE, &full, nullptr), 0);
        client.put("kept", "\"" + std::string(100'000, 'x') + "\"").value();
    }
    EXPECT_EQ(grid.stop(), 1);
    grid.start();
    Client client = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(client.get("kept")->document().as_string().value_or("").size(), 100'000U);
    client.put("after", "1", {.grade = Grade::durable}).value();
    grid.lose();
    grid.start();
    const Client again = Client::attach({.grid = grid.name()}).value();
    EXPECT_EQ(again.get("kept")->document().as_string().value_or("").size(), 100'000U);
}

}  // namespace
}  // namespace ringside
