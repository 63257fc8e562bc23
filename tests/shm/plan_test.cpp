#include "shm/segment/plan.hpp"

#include <gtest/gtest.h>

#include "shm/segment/segment.hpp"

/// Plans of segments at the limits of their words.
namespace ringside::shm {
namespace {

TEST(Plan, IdsOfRecordsFitTheirTypeInTheLargestSegment) {
    for (unsigned shift = 38; shift <= 44; ++shift) {
        Identity identity;
        ASSERT_TRUE(plan_regions({.memory_bytes = 1ULL << shift}, identity));
        EXPECT_LT(identity.slots.bytes / sizeof(Slot), 1ULL << 32) << shift;
        EXPECT_EQ(identity.slots.bytes % 4096, 0U);
        EXPECT_TRUE(check_plan(identity, identity.segment_bytes));
    }
}

TEST(Plan, RingOfASizeThatOverflowsIsRefused) {
    Identity identity;
    ASSERT_TRUE(plan_regions({.memory_bytes = 64ULL << 20}, identity));
    identity.ring_entries = 1ULL << 58;  // times 64 bytes: 0
    identity.ring.bytes = 0;
    EXPECT_EQ(check_plan(identity, identity.segment_bytes).error(), Errc::bad_segment);
    EXPECT_EQ(
        plan_regions({.memory_bytes = 64ULL << 20, .ring_entries = 1ULL << 58}, identity).error(),
        Errc::bad_configuration);
}

}  // namespace
}  // namespace ringside::shm
