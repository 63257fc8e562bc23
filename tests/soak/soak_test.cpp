#include <grp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "broker/engine/survey.hpp"
#include "tests/hostile/saboteur.hpp"
#include "tests/support/load.hpp"
#include "tests/support/temporary_directory.hpp"

/// Everything at once for RINGSIDE_SOAK_SECONDS (60 where it is not said): writers of all grades,
/// readers, watchers, providers and callers, clients that come and are killed, clients that destroy
/// what they can, a broker that is killed and started again. Then nothing may be lost, and nothing
/// may have grown.
namespace ringside {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::chrono::seconds soak_time() {
    const char* text = std::getenv("RINGSIDE_SOAK_SECONDS");
    return std::chrono::seconds(text == nullptr ? 60 : std::atoi(text));
}

class LongSoak : public SeededTest {
protected:
    struct Usage {
        std::size_t files = 0;
        std::uint64_t private_bytes = 0;
        std::uint64_t heap_bytes = 0;
    };

    [[nodiscard]] Usage usage() const {
        Usage now;
        const std::filesystem::path process = "/proc/" + std::to_string(grid_.broker());
        now.files = static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(process / "fd"), {}));
        std::ifstream file(process / "statm");
        std::uint64_t total = 0;
        std::uint64_t resident = 0;
        std::uint64_t shared = 0;
        file >> total >> resident >> shared;
        now.private_bytes = (resident - shared) * 4096;
        now.heap_bytes = shm::Segment::open(grid_.name())->header().counters.heap_bytes_used.load();
        return now;
    }

    std::vector<Child> load() {
        std::vector<Child> running;
        for (unsigned writer = 0; writer < writers; ++writer) {
            running.emplace_back([&, writer] {
                const Log log(judge_.log_of(writer));
                if (writer == 0) write_in_a_pipeline(grid_.name(), writer, log);
                write_singly(grid_.name(), writer, log);
            });
        }
        running.emplace_back([&] { stir(grid_.name()); });
        running.emplace_back([&] { come_and_go(grid_.name()); });
        for (int i = 0; i < 2; ++i) running.emplace_back([&] { look_around(grid_.name()); });
        running.emplace_back([&] { report(grid_.name()); });
        for (int i = 0; i < 2; ++i) running.emplace_back([&] { provide_doubles(grid_.name()); });
        callers_from_ = running.size();
        for (int i = 0; i < 2; ++i) running.emplace_back([&] { call_doubles(grid_.name()); });
        running.emplace_back([&] {
            if (geteuid() == 0) {
                ASSERT_EQ(setgroups(0, nullptr), 0);
                ASSERT_EQ(setuid(65534), 0);
            }
            Saboteur(grid_.name(), random(9)).run(~0ULL);
        });
        return running;
    }

    std::size_t callers_from_ = 0;  ///< among the processes of the load
    const TemporaryDirectory directory_;
    TestGrid grid_{options()};
    Judge judge_{grid_, directory_.path()};

private:
    /// The saboteur may write its own records only.
    std::vector<std::string> options() {
        std::ofstream(directory_ / "roles.toml")
            << "[[role]]\nuser = 65534\nrole = 'writer'\npatterns = ['hostile/**']\n";
        return {"--memory",          "128MiB",   "--ring-entries",         "16384", "--data",
                directory_ / "data", "--config", directory_ / "roles.toml"};
    }
};

TEST_F(LongSoak, LosesNothingAndGrowsByNothing) {
    const auto running = load();
    const auto end = Clock::now() + soak_time();
    Random times = random(1);
    // A tenth of the time to warm up, without deaths, so that there is something to compare with.
    std::this_thread::sleep_for(soak_time() / 10);
    const Usage before = usage();
    for (int round = 0; Clock::now() < end && !HasFatalFailure(); ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(times.between(200, 3000)));
        if (times.one_in(4)) {
            grid_.lose();
            grid_.start();
            judge_.note_segment();
        } else {
            grid_.kill_broker();
            grid_.start();
        }
        judge_.judge();
    }
    // What the last broker left unused comes back when the leases of lost sessions have run out.
    const std::uint64_t heap_bytes_max = 2 * before.heap_bytes + (16U << 20);
    EXPECT_TRUE(eventually([&] { return usage().heap_bytes < heap_bytes_max; }, 30s))
        << usage().heap_bytes << ", at first " << before.heap_bytes;
    std::this_thread::sleep_for(soak_time() / 10);  // as long as before
    const Usage after = usage();
    EXPECT_LT(after.files, before.files + 64);  // sessions come and go
    EXPECT_LT(after.private_bytes, 2 * before.private_bytes + (64U << 20));
    EXPECT_GT(judge_.acknowledged(), 100U);
    for (std::size_t i = callers_from_; i < callers_from_ + 2; ++i) {
        EXPECT_FALSE(running[i].has_ended()) << "a caller got an answer to something else";
    }
}

}  // namespace
}  // namespace ringside
