#include "shm/version/visibility.hpp"

#include <gtest/gtest.h>

#include <new>

/// Readers whose pin was revoked can encounter any versions.
namespace ringside::shm {
namespace {

class VisibilityTest : public ::testing::Test {
protected:
    VersionBlock* block_at(std::uint64_t number, Revision revision) {
        const Offset offset = segment_.view().identity().heap.offset + number * 4096;
        auto* block = new (segment_.view().at<std::byte>(offset)) VersionBlock;
        block->revision = revision;
        return block;
    }
    void link(VersionBlock* block, const VersionBlock* previous) {
        block->link.store(segment_.view().offset_of(previous), std::memory_order_relaxed);
    }

    Segment segment_ =
        Segment::create_anonymous({.memory_bytes = 8ULL << 20, .ring_entries = 64}).value();
};

TEST_F(VisibilityTest, NewestVersionAtTheRevisionIsFound) {
    VersionBlock* newest = block_at(0, 9);
    VersionBlock* older = block_at(1, 5);
    link(newest, older);
    EXPECT_EQ(visible_version(segment_.view(), newest, 9), newest);
    EXPECT_EQ(visible_version(segment_.view(), newest, 8), older);
    EXPECT_EQ(visible_version(segment_.view(), newest, 4), nullptr);
}

TEST_F(VisibilityTest, CircleOfVersionsEndsTheSearch) {
    VersionBlock* one = block_at(0, 9);
    VersionBlock* other = block_at(1, 9);
    link(one, other);
    link(other, one);
    EXPECT_EQ(visible_version(segment_.view(), one, 5), nullptr);
}

TEST_F(VisibilityTest, OlderVersionOfALaterRevisionEndsTheSearch) {
    VersionBlock* newest = block_at(0, 8);
    VersionBlock* older = block_at(1, 9);
    link(newest, older);
    link(older, block_at(2, 3));
    EXPECT_EQ(visible_version(segment_.view(), newest, 5), nullptr);
}

}  // namespace
}  // namespace ringside::shm
