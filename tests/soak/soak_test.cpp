#include <grp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "broker/engine/survey.hpp"
#include "tests/hostile/saboteur.hpp"
#include "tests/support/load.hpp"
#include "tests/support/temporary_directory.hpp"

/// Everything at once, for 30 deaths of the broker, or for RINGSIDE_SOAK_SECONDS if set: writers of
/// all grades, readers, watchers, providers, callers, clients that are killed and replaced,
/// saboteurs, and a broker that is killed and restarted. Afterwards nothing must be lost, and
/// nothing must have grown.
namespace ringside {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

/// How long the broker is repeatedly killed and restarted.
class Duration {
public:
    [[nodiscard]] bool is_over(int rounds) const {
        return seconds_ == nullptr ? rounds >= 30 : Clock::now() >= end_;
    }

private:
    const char* seconds_ = std::getenv("RINGSIDE_SOAK_SECONDS");
    Clock::time_point end_ =
        Clock::now() + std::chrono::seconds(seconds_ == nullptr ? 0 : std::atoi(seconds_));
};

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

    std::size_t callers_from_ = 0;  ///< index of the first caller among the processes of the load
    const TemporaryDirectory directory_;
    TestGrid grid_{options()};
    Judge judge_{grid_, directory_.path()};

private:
    /// The saboteur can write only its own records.
    std::vector<std::string> options() {
        std::ofstream(directory_ / "roles.toml")
            << "[[role]]\nuser = 65534\nrole = 'writer'\npatterns = ['hostile/**']\n";
        return {"--memory",          "128MiB",   "--ring-entries",         "16384", "--data",
                directory_ / "data", "--config", directory_ / "roles.toml"};
    }
};

TEST_F(LongSoak, LosesNothingAndGrowsByNothing) {
    const auto running = load();
    const Duration duration;
    Random times = random(1);
    // Warms up without deaths, to have values to compare with.
    constexpr std::uint64_t writes = 1000;
    EXPECT_TRUE(judge_.acknowledges(writes));
    const Usage before = usage();
    for (int round = 0; !duration.is_over(round) && !HasFatalFailure(); ++round) {
        EXPECT_TRUE(judge_.acknowledges(times.between(20, 400))) << "round " << round;
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
    // Memory that the last broker left unused is released when the leases of lost sessions have
    // expired.
    const std::uint64_t heap_bytes_max = 2 * before.heap_bytes + (16U << 20);
    EXPECT_TRUE(eventually([&] { return usage().heap_bytes < heap_bytes_max; }))
        << usage().heap_bytes << ", at first " << before.heap_bytes;
    EXPECT_TRUE(judge_.acknowledges(writes));  // as many as before
    const Usage after = usage();
    EXPECT_LT(after.files, before.files + 64);  // sessions open and close
    EXPECT_LT(after.private_bytes, 2 * before.private_bytes + (64U << 20));
    for (std::size_t i = callers_from_; i < callers_from_ + 2; ++i) {
        EXPECT_FALSE(running[i].has_ended()) << "a caller got an answer to something else";
    }
}

}  // namespace
}  // namespace ringside
