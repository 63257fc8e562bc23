#include "shm/segment/segment.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace ringside::shm {
namespace {

/// A unique grid name, whose segment is always removed at the end.
class SegmentTest : public ::testing::Test {
protected:
    std::string grid_ = "segment-test-" + std::to_string(getpid());
    ~SegmentTest() override { Segment::remove(grid_); }
};

TEST_F(SegmentTest, IsFoundByNameOnceItIsAnnounced) {
    EXPECT_EQ(Segment::open(grid_).error(), Errc::no_such_grid);
    Segment made = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    EXPECT_EQ(Segment::open(grid_).error(), Errc::no_such_grid) << "it is still being made";
    made.announce(0);
    const Segment opened = Segment::open(grid_).value();
    EXPECT_EQ(opened.view().identity().boot_id, made.view().identity().boot_id);
    EXPECT_EQ(std::string(opened.view().identity().grid_name.data()), grid_);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(opened.view().base()) % huge_page_bytes, 0U);
}

TEST_F(SegmentTest, ASecondOneOfThatNameIsRefused) {
    const Segment first = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    EXPECT_EQ(Segment::create(grid_, {.memory_bytes = 16ULL << 20}).error(), Errc::grid_in_use);
}

TEST_F(SegmentTest, MemoryAppearsWhenItIsCommitted) {
    const Segment segment = Segment::create(grid_, {.memory_bytes = 256ULL << 20}).value();
    const auto bytes_in_use = [this] {
        struct stat file {};
        EXPECT_EQ(stat(GridPaths::of(grid_)->segment_path.c_str(), &file), 0);
        return static_cast<std::uint64_t>(file.st_blocks) * 512;
    };
    const std::uint64_t before = bytes_in_use();
    EXPECT_LT(before, 16ULL << 20);
    ASSERT_TRUE(segment.commit(segment.view().identity().heap.offset, 32ULL << 20));
    EXPECT_EQ(bytes_in_use(), before + (32ULL << 20));
}

TEST_F(SegmentTest, ReadersCannotWrite) {
    Segment made = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    made.announce(0);
    const Segment opened = Segment::open(grid_).value();
    EXPECT_DEATH(opened.header().commit.published.store(1), "");
}

TEST_F(SegmentTest, AnotherLayoutIsRefused) {
    Segment made = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    made.announce(0);
    const_cast<Identity&>(made.view().identity()).fingerprint ^= 1;
    EXPECT_EQ(Segment::open(grid_).error(), Errc::layout_mismatch);
}

TEST_F(SegmentTest, AHeaderThatLiesAboutItsRegionsIsRefused) {
    Segment made = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    made.announce(0);
    auto& identity = const_cast<Identity&>(made.view().identity());
    identity.heap.bytes += 1;
    EXPECT_EQ(Segment::open(grid_).error(), Errc::bad_segment);
    identity.heap.bytes -= 1;
    identity.ring_entries *= 2;
    EXPECT_EQ(Segment::open(grid_).error(), Errc::bad_segment);
}

TEST_F(SegmentTest, RegionsThatAreNotAlignedOrTooSmallAreRefused) {
    Segment made = Segment::create(grid_, {.memory_bytes = 16ULL << 20}).value();
    made.announce(0);
    auto& identity = const_cast<Identity&>(made.view().identity());
    const auto opens_with = [&](std::uint64_t& word, std::uint64_t value) {
        const std::uint64_t before = std::exchange(word, value);
        const bool opens = Segment::open(grid_).has_value();
        word = before;
        return opens;
    };
    EXPECT_TRUE(opens_with(identity.slots.bytes, identity.slots.bytes));
    EXPECT_FALSE(opens_with(identity.slots.offset, identity.slots.offset + 4));
    EXPECT_FALSE(opens_with(identity.heap.offset, identity.heap.offset + 4096));
    EXPECT_FALSE(opens_with(identity.heap.bytes, identity.heap.bytes - 16));
    EXPECT_FALSE(opens_with(identity.spans.bytes, 64)) << "not a span entry for each span";
}

TEST_F(SegmentTest, SomethingElseOfThatNameIsRefused) {
    const int descriptor = shm_open(("/ringside." + grid_).c_str(), O_CREAT | O_RDWR, 0600);
    ASSERT_GE(descriptor, 0);
    ASSERT_EQ(ftruncate(descriptor, 4096), 0);
    EXPECT_EQ(Segment::open(grid_).error(), Errc::bad_segment);
    ASSERT_EQ(ftruncate(descriptor, 16 << 20), 0);
    ASSERT_EQ(pwrite(descriptor, "garbage!", 8, 0), 8);
    EXPECT_EQ(Segment::open(grid_).error(), Errc::bad_segment);
    close(descriptor);
}

TEST(GridPaths, RefusesNamesThatCouldLeaveTheDirectory) {
    EXPECT_TRUE(GridPaths::of("on-sale_2.a"));
    for (const char* bad : {"", "a/b", "../a", "a b", "\n"}) {
        EXPECT_EQ(GridPaths::of(bad).error(), Errc::bad_grid_name) << bad;
    }
    EXPECT_TRUE(GridPaths::of(std::string(64, 'a')));
    EXPECT_EQ(GridPaths::of(std::string(65, 'a')).error(), Errc::bad_grid_name);
}

TEST(SegmentShape, OutsideItsLimitsIsRefused) {
    EXPECT_EQ(Segment::create_anonymous({.memory_bytes = limits::memory_bytes_min - 1}).error(),
              Errc::bad_configuration);
    EXPECT_EQ(Segment::create_anonymous({.memory_bytes = limits::memory_bytes_max + 1}).error(),
              Errc::bad_configuration);
    EXPECT_EQ(Segment::create_anonymous({.memory_bytes = 16U << 20, .ring_entries = 100}).error(),
              Errc::bad_configuration);
    EXPECT_EQ(
        Segment::create_anonymous({.memory_bytes = 16U << 20, .ring_entries = 1U << 20}).error(),
        Errc::bad_configuration);
    EXPECT_TRUE(Segment::create_anonymous({.memory_bytes = limits::memory_bytes_min}));
}

}  // namespace
}  // namespace ringside::shm
