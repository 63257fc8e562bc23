#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "broker/engine/survey.hpp"
#include "ringside/client.hpp"
#include "tests/hostile/saboteur.hpp"
#include "tests/hostile/stranger.hpp"
#include "tests/support/child.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// No client can harm the grid. While hostile clients run, an honest one is served and its records
/// stay correct. Nothing remains after the hostile clients have ended.
namespace ringside {
namespace {

using namespace testing;

/// Maximum growth of a broker that has served hostile clients.
#if defined(RINGSIDE_ADDRESS_SANITIZER)
constexpr std::uint64_t growth_max = (64U + 256U) << 20;  // the sanitizer keeps freed memory
#else
constexpr std::uint64_t growth_max = 64U << 20;
#endif

class HostileClient : public SeededTest {
protected:
    HostileClient() {
        std::ofstream(directory_ / "roles.toml")
            << "[[role]]\nuser = 65534\nrole = 'writer'\npatterns = ['hostile/**']\n";
        grid_.emplace(
            std::vector<std::string>{"--memory", "64MiB", "--config", directory_ / "roles.toml"});
        honest_.emplace(Client::attach({.grid = grid_->name()}).value());
        for (int i = 0; i < 100; ++i) serve();
        files_before_ = open_files();
        memory_before_ = resident_bytes();
    }

    /// One acknowledged write and one read.
    void serve() {
        const auto began = std::chrono::steady_clock::now();
        const auto written = honest_->put("honest/1", std::to_string(++writes_));
        ASSERT_TRUE(written) << written.error().text();
        ASSERT_EQ(written->version, writes_);
        const auto read = honest_->get("honest/1");
        ASSERT_TRUE(read) << read.error().text();
        ASSERT_EQ(read->document().as_uint64(), writes_);
        longest_ = std::max(longest_, std::chrono::steady_clock::now() - began);
    }

    /// Serves until the children have ended.
    void serve_beside(std::vector<Child>& hostile) {
        bool all_ended = false;
        while (!all_ended) {
            serve();
            if (HasFatalFailure()) return;
            all_ended = std::all_of(hostile.begin(), hostile.end(),
                                    [](Child& child) { return child.has_ended(); });
        }
    }

    /// Becomes a user who can write only `hostile/**`, where the system permits this.
    static void become_stranger() {
        if (geteuid() != 0) return;
        ASSERT_EQ(setgroups(0, nullptr), 0);
        ASSERT_EQ(setgid(getgid()), 0);
        ASSERT_EQ(setuid(stranger), 0);
    }

    [[nodiscard]] std::size_t open_files() const {
        const std::filesystem::path files = "/proc/" + std::to_string(grid_->broker()) + "/fd";
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(files), {}));
    }
    [[nodiscard]] std::uint64_t resident_bytes() const {
        std::ifstream file("/proc/" + std::to_string(grid_->broker()) + "/statm");
        std::uint64_t total = 0;
        std::uint64_t resident = 0;
        std::uint64_t shared = 0;
        file >> total >> resident >> shared;
        return (resident - shared) * 4096;
    }

    void expect_nothing_left() {
        const auto segment = shm::Segment::open(grid_->name());
        ASSERT_TRUE(segment);
        const auto& counters = segment->header().counters;
        EXPECT_TRUE(eventually([&] { return counters.sessions_open.load() == 1; }))
            << counters.sessions_open.load() << " sessions";
        // Fewer than before, if a welcome was still in flight when they were counted.
        EXPECT_TRUE(eventually([&] { return open_files() <= files_before_; }))
            << open_files() << " files, " << files_before_ << " before";
        EXPECT_LT(resident_bytes(), memory_before_ + growth_max);
        serve();
        ASSERT_TRUE(honest_->compact());
        ASSERT_TRUE(honest_->compact());
        EXPECT_TRUE(eventually([&] {
            broker::Survey survey(segment->view());
            return survey.run() && counters.heap_bytes_used.load() == survey.bytes_reachable;
        })) << "memory is lost";
        if (geteuid() == 0) {
            EXPECT_EQ(honest_->get("honest/2").error(), Errc::not_found);
        }
        // No timed assertion: the figure is only for readers of the log.
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(longest_);
        RecordProperty("longest_service_ms", static_cast<int>(ms.count()));
    }

    void sabotage(std::uint64_t attacks, std::uint64_t with_seed) {
        constexpr std::uint64_t saboteurs = 2;
        std::vector<Child> hostile;
        for (std::uint64_t i = 0; i < saboteurs; ++i) {
            hostile.emplace_back([&, i] {
                become_stranger();
                Saboteur saboteur(grid_->name(), Random(with_seed, i));
                saboteur.run(attacks / saboteurs);
                EXPECT_GT(saboteur.sessions(), attacks / saboteurs / 2000);
            });
        }
        serve_beside(hostile);
        for (Child& child : hostile) EXPECT_TRUE(child.join());
        expect_nothing_left();
    }

    const TemporaryDirectory directory_;
    std::optional<TestGrid> grid_;
    std::optional<Client> honest_;
    Version writes_ = 0;
    std::size_t files_before_ = 0;
    std::uint64_t memory_before_ = 0;
    std::chrono::steady_clock::duration longest_{};
};

using LongHostileClient = HostileClient;

TEST_F(HostileClient, OverwritesEverythingThatItCan) { sabotage(200'000, seed); }

TEST_F(LongHostileClient, OverwritesEverythingAMillionTimes) { sabotage(2'000'000, seed); }

TEST_F(HostileClient, CannotUseUpSessions) {
    std::vector<Child> hostile;
    hostile.emplace_back([&] {
        become_stranger();
        rlimit files{};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        std::vector<std::unique_ptr<RawClient>> sessions;
        bool was_refused = false;
        while (!was_refused && sessions.size() < limits::sessions_max + 10) {
            sessions.push_back(std::make_unique<RawClient>(grid_->name()));
            was_refused = !sessions.back()->attach();
        }
        EXPECT_TRUE(was_refused);
        EXPECT_GT(sessions.size(), 100U);
    });
    serve_beside(hostile);
    for (Child& child : hostile) EXPECT_TRUE(child.join());
    expect_nothing_left();
}

TEST_F(HostileClient, HostileClientGetsTheReasonOfTheEnd) {
    RawClient client(grid_->name());
    ASSERT_TRUE(client.attach());
    LaneClient lane(client.memory(), 0);
    client.memory().control().lanes_open = 1;
    ASSERT_TRUE(lane.send_bytes(Bytes(100, 0xa5)));
    client.ring();
    const auto goodbye = client.receive<shm::Goodbye>();
    ASSERT_TRUE(goodbye);
    EXPECT_EQ(static_cast<Errc>(goodbye->error), Errc::session_closed);
    EXPECT_THAT(goodbye->detail.data(), ::testing::HasSubstr("malformed request"));
    expect_nothing_left();
}

}  // namespace
}  // namespace ringside
