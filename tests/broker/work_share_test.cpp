#include <gtest/gtest.h>

#include "tests/support/engine_harness.hpp"

namespace ringside {
namespace {

using testing::EngineHarness;
using testing::LaneClient;
using testing::SessionClient;

/// Requests that cost the engine a millisecond or more, alongside those of another session.
class WorkShareTest : public ::testing::Test {
protected:
    WorkShareTest() {
        const std::string text(16U << 10, 'x');
        lane_.put("large", R"({"a":[")" + text + R"("]})");
        std::string grow = "[";
        for (int i = 0; i < 63; ++i) {
            grow += R"({"op":"copy","from":"/a/0","path":"/a/-"},)";
        }
        grow.back() = ']';
        lane_.writer.json_patch("large", document_from_json(grow).value(), {});
        EXPECT_TRUE(lane_.send());
        engine_.settle();
        EXPECT_EQ(answered(lane_), 2U);
        engine_.now_ns += broker::WorkShare::heavy_session_ns;
    }

    static void send_costly(LaneClient& lane) {
        lane.writer.json_patch(
            "large", document_from_json(R"([{"op":"copy","from":"/a","path":"/b"}])").value(), {});
        EXPECT_TRUE(lane.send());
    }
    [[nodiscard]] std::size_t answered(LaneClient& lane) {
        std::size_t count = 0;
        for (const auto& answer : lane.take_all()) count += answer.error == Errc::ok ? 1 : 0;
        return count;
    }

    EngineHarness engine_;
    SessionClient costly_ = engine_.open();
    SessionClient cheap_ = engine_.open();
    LaneClient& lane_ = costly_.open_lane();
    LaneClient& cheap_lane_ = cheap_.open_lane();
};

TEST_F(WorkShareTest, ATurnEndsBehindTheRequestThatUsesItUp) {
    for (int i = 0; i < 3; ++i) send_costly(lane_);
    engine_.turn();
    EXPECT_EQ(answered(lane_), 1U);
    engine_.turn();
    EXPECT_EQ(answered(lane_), 1U);
}

TEST_F(WorkShareTest, CostlyRequestsAreServedWithoutARestIfNoOtherSessionAsks) {
    for (int i = 0; i < 3; ++i) send_costly(lane_);
    const std::uint64_t began_ns = engine_.now_ns;
    engine_.settle();
    EXPECT_EQ(answered(lane_), 3U);
    EXPECT_LT(engine_.now_ns - began_ns, 1'000'000U) << "of the test's clock";
}

TEST_F(WorkShareTest, CostlyRequestsOfAllSessionsRestWhileAnotherSessionAsks) {
    SessionClient other = engine_.open();
    LaneClient& other_lane = other.open_lane();
    for (int i = 0; i < 3; ++i) {
        send_costly(lane_);
        send_costly(other_lane);
    }
    std::size_t costly = 0;
    std::size_t cheap = 0;
    const auto turn = [&] {
        cheap_lane_.put("small", "1");
        engine_.turn();
        cheap += answered(cheap_lane_);
        costly += answered(lane_) + answered(other_lane);
    };
    // The first request of each is not yet known to be costly.
    for (int i = 0; i < 1000; ++i) turn();
    EXPECT_EQ(costly, 2U);
    EXPECT_GE(cheap, 995U);
    // Served one after the other, each after a rest.
    engine_.now_ns += 2 * broker::WorkShare::rest_ns_max;
    for (int i = 0; i < 1000; ++i) turn();
    EXPECT_EQ(costly, 3U);
    engine_.settle();  // there are no more requests
    costly += answered(lane_) + answered(other_lane);
    while (costly < 6 && engine_.now_ns < 1'000'000'000'000) {
        engine_.now_ns += broker::WorkShare::others_ns;
        engine_.settle();
        costly += answered(lane_) + answered(other_lane);
    }
    EXPECT_EQ(costly, 6U);
}

TEST_F(WorkShareTest, AClockThatIsSetBackEndsARest) {
    for (int i = 0; i < 2; ++i) send_costly(lane_);
    cheap_lane_.put("small", "1");
    engine_.turn();
    engine_.turn();
    EXPECT_EQ(answered(lane_), 1U);
    engine_.now_ns -= 1'000'000'000;
    engine_.turn();
    EXPECT_EQ(answered(lane_), 1U);
}

TEST_F(WorkShareTest, ASessionThatHasGoneCostsATurnAtMost) {
    for (int i = 0; i < 100; ++i) send_costly(lane_);
    const Revision before = engine_.published();
    auto gone = engine_.engine.leave(costly_.id);
    ASSERT_NE(gone, nullptr);
    engine_.turn();
    EXPECT_LE(engine_.published() - before, 3U) << "one request, and records of sessions";
}

}  // namespace
}  // namespace ringside
