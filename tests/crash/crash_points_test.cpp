#include <gtest/gtest.h>
#include <stdlib.h>

#include <random>
#include <vector>

#include "broker/engine/survey.hpp"
#include "shm/base/crash_point.hpp"
#include "tests/support/child.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/load.hpp"
#include "tests/support/seeded_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/built_paths.hpp"

/// The broker is killed at each of its crash points in turn, under a load that reaches all of them,
/// and the next broker continues. Then all writers' logs, all documents and the whole segment are
/// checked.
namespace ringside {
namespace {

using namespace testing;

class CrashPoints : public SeededTest {
protected:
    void crash_at(std::string_view point, std::uint64_t times) {
        SCOPED_TRACE(std::string(point) + ":" + std::to_string(times));
        setenv("RINGSIDE_CRASH_AT", (std::string(point) + ":" + std::to_string(times)).c_str(), 1);
        grid_.kill_broker();
        try {
            grid_.start();  // some crash points are reached here
        } catch (const std::runtime_error&) {
        }
        unsetenv("RINGSIDE_CRASH_AT");
        // Writers that other work slows down reach a rare point late.
        int killed_by = 0;
        for (int waits = 0; killed_by == 0 && waits < 8; ++waits) killed_by = grid_.killed_by();
        ASSERT_EQ(killed_by, SIGKILL) << "it was not reached";
        look_at_segment();
        grid_.start();
        judge_.judge();
        EXPECT_TRUE(judge_.acknowledges(5)) << "writes stopped";
    }

    /// Checks that a successor can continue with the segment, wherever the broker died.
    void look_at_segment() const {
        const auto segment = shm::Segment::open(grid_.name());
        ASSERT_TRUE(segment);
        broker::Survey survey(segment->view());
        const auto fits = survey.run();
        ASSERT_TRUE(fits) << fits.error().text();
    }

    const TemporaryDirectory directory_;
    TestGrid grid_{{"--memory", "48MiB", "--ring-entries", "4096", "--data", directory_ / "data"},
                   built::crashing_broker};
    Judge judge_{grid_, directory_.path()};
};

TEST_F(CrashPoints, GridContinuesAfterADeathAtEachPoint) {
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
    Random times = random(0);
    for (const std::string_view point : crash_point_names) {
        // The first time may be at the start; the others are under load.
        const bool is_rare = point.starts_with("take_over_") || point.starts_with("table_");
        for (const std::uint64_t most : {1U, 20U}) {
            if (is_rare && most != 1) continue;
            crash_at(point, times.between(1, most));
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace ringside
