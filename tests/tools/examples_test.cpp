#include <filesystem>

#include "tests/support/cli_test.hpp"
#include "tools/support/built_paths.hpp"

/// The examples check their own results and report them by their exit status.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::shell;

class ExamplesTest : public CliTest {
protected:
    [[nodiscard]] Outcome play(const std::string& program, const std::string& options = "") const {
        return shell(program + " -g " + grid_.name() + " " + options);
    }
};

TEST_F(ExamplesTest, AnOnSaleAddsUpAtEveryInstant) {
    const Outcome outcome = play(built::onsale, "--seconds 2");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("all add up"), std::string::npos) << outcome.output;
}

TEST_F(ExamplesTest, AnOnSaleThroughKafkaAppliesEachDeltaOnce) {
    if (*built::kafka == '\0') GTEST_SKIP() << "this build has no bridge to Kafka";
    const auto folder = [](const char* program) {
        return std::filesystem::path(program).parent_path().string();
    };
    const Outcome outcome =
        shell("PATH=" + folder(built::cli) + ":" + folder(built::kafka) +
              ":$PATH RINGSIDE_GRID=" + grid_.name() + " " + built::source_directory +
              "/tools/examples/onsale/kafka/play --seconds 2");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("all add up; each delta was applied exactly once"),
              std::string::npos)
        << outcome.output;
    EXPECT_NE(outcome.output.find("seat map of event 1: "), std::string::npos) << outcome.output;
}

TEST_F(ExamplesTest, QuotesScaleFromOneToThreeProvidersAndBackWithoutAnError) {
    const Outcome outcome = play(built::quotes);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("the caller saw no error"), std::string::npos) << outcome.output;
}

TEST_F(ExamplesTest, SeatMapIsDrawnOnlyWhileItIsWatched) {
    const Outcome outcome = play(built::seatmap);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(outcome.output.find("NO"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace ringside
