#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/temporary_directory.hpp"

/// The broker is killed repeatedly under load. It restarts alternately warm, from the segment, and
/// cold, from the store. All acknowledged writes are compared with the grid.
namespace ringside {
namespace {

using namespace testing;

void kill_and_judge(int rounds, unsigned seed) {
    const TemporaryDirectory directory;
    TestGrid grid({"--memory", "256MiB", "--ring-entries", "65536", "--data", directory / "data"});
    Judge judge(grid, directory.path());
    std::vector<Child> running;
    for (unsigned writer = 0; writer < writers; ++writer) {
        running.emplace_back([&, writer] {
            const Log log(judge.log_of(writer));
            if (writer == 0) write_in_a_pipeline(grid.name(), writer, log);
            write_singly(grid.name(), writer, log);
        });
    }
    std::mt19937 random(seed);
    for (int round = 0; round < rounds && !::testing::Test::HasFatalFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round) + " of seed " + std::to_string(seed));
        EXPECT_TRUE(judge.acknowledges(random() % 15));
        usleep(static_cast<useconds_t>(random() % 2000));  // so that it dies at an arbitrary point
        const bool is_cold = round % 2 == 1;
        if (is_cold) grid.lose();
        else grid.kill_broker();
        grid.start();
        if (is_cold) judge.note_segment();
        judge.judge();
    }
}

TEST(KilledBroker, LosesNothingThatItHasPromised) { kill_and_judge(30, 20261124); }
TEST(LongKilledBroker, LosesNothingThatItHasPromised) {
    kill_and_judge(500, std::random_device()());
}

}  // namespace
}  // namespace ringside
