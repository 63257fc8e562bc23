#include <gtest/gtest.h>

#include "tests/support/test_grid.hpp"
#include "tools/kafka/source/state_record.hpp"

namespace ringside::testing {
namespace {

using kafka::readiness_of;
using kafka::SourceReport;
using kafka::SourceState;

/// A grid with the record of one source.
class Readiness : public ::testing::Test {
protected:
    void write(const SourceReport& report) {
        client_.put(kafka::state_name("test", "1"), to_json(report)).value();
    }
    static SourceReport following(std::optional<std::int64_t> lag) {
        SourceReport report;
        report.state = SourceState::following;
        report.partitions = {{"seats", 0, 10, 3}, {"seats", 1, 10, lag}};
        return report;
    }

    TestGrid grid_;
    Client client_ = Client::attach({.grid = grid_.name()}).value();
};

TEST_F(Readiness, ALagThatIsNotKnownIsNotSmallEnough) {
    write(following(std::nullopt));

    EXPECT_FALSE(readiness_of(client_, "test", 1000)->is_ready);
}

TEST_F(Readiness, AllPartitionsTogetherMayBeBehindAsFarAsIsSaid) {
    write(following(4));

    EXPECT_TRUE(readiness_of(client_, "test", 7)->is_ready);
    EXPECT_FALSE(readiness_of(client_, "test", 6)->is_ready);
    EXPECT_FALSE(readiness_of(client_, "test", 0)->is_ready);
}

TEST_F(Readiness, CaughtUpSourceIsReadyWhateverTheLag) {
    SourceReport report = following(std::nullopt);
    report.state = SourceState::caught_up;
    write(report);

    EXPECT_TRUE(readiness_of(client_, "test", 0)->is_ready);
}

}  // namespace
}  // namespace ringside::testing
