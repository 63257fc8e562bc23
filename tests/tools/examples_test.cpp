#include "tests/support/cli_test.hpp"

/// The examples check what they show, and tell by their exit status whether it was so.
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
    const Outcome outcome = play(RINGSIDE_ONSALE_PATH, "--seconds 2");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("all add up"), std::string::npos) << outcome.output;
}

#ifdef RINGSIDE_ONSALE_KAFKA_SCRIPT
TEST_F(ExamplesTest, AnOnSaleThroughKafkaAppliesEachDeltaOnce) {
    const Outcome outcome =
        shell("PATH=" RINGSIDE_PROGRAMS_PATH ":$PATH RINGSIDE_GRID=" + grid_.name() +
              " " RINGSIDE_ONSALE_KAFKA_SCRIPT " --seconds 2");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("all add up; each delta was applied exactly once"),
              std::string::npos)
        << outcome.output;
    EXPECT_NE(outcome.output.find("seat map of event 1: "), std::string::npos) << outcome.output;
}
#endif

TEST_F(ExamplesTest, QuotesScaleFromOneToThreeProvidersAndBackWithoutAnError) {
    const Outcome outcome = play(RINGSIDE_QUOTES_PATH);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("the caller saw no error"), std::string::npos) << outcome.output;
}

TEST_F(ExamplesTest, ASeatMapIsDrawnOnlyWhileSomebodyWatchesIt) {
    const Outcome outcome = play(RINGSIDE_SEATMAP_PATH);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(outcome.output.find("NO"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace ringside
