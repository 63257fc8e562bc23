#include "shm/heap/heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include "shm/heap/size_class.hpp"

namespace ringside::shm {
namespace {

Segment small_segment() { return Segment::create_anonymous({.memory_bytes = 16ULL << 20}).value(); }

Heap heap_of(const Segment& segment) {
    return Heap(segment.view(), [](Offset, std::uint64_t) { return true; });
}

TEST(SizeClass, HoldsEverySizeWithAtMostAnEighthOfWaste) {
    for (std::uint64_t bytes = 1; bytes <= size_class::small_bytes_max; ++bytes) {
        const std::size_t index = size_class::of(bytes);
        ASSERT_GE(size_class::bytes(index), bytes);
        ASSERT_TRUE(index == 0 || size_class::bytes(index - 1) < bytes);
        ASSERT_TRUE(bytes <= 128 || size_class::bytes(index) <= bytes + bytes / 8 + 1);
    }
}

TEST(Heap, GivesBlocksThatDoNotOverlapAndTakesAllBack) {
    const Segment segment = small_segment();
    Heap heap = heap_of(segment);
    std::mt19937_64 random(7);
    std::map<Offset, std::pair<std::uint64_t, unsigned char>> live;
    const auto check_and_free = [&](auto place) {
        const auto* bytes = segment.view().at<unsigned char>(place->first);
        const auto [size, fill] = place->second;
        ASSERT_TRUE(
            std::all_of(bytes, bytes + size, [f = fill](unsigned char b) { return b == f; }));
        heap.free(place->first, size);
        live.erase(place);
    };
    for (int step = 0; step < 30'000; ++step) {
        if (live.empty() || random() % 100 < 55) {
            const bool is_large = random() % 200 == 0;
            const std::uint64_t size = 1 + random() % (is_large ? 300'000 : 700);
            const Offset block = heap.allocate(size, Heap::Purpose::data);
            if (block == 0) continue;
            ASSERT_EQ(block % 16, 0U);
            const auto fill = static_cast<unsigned char>(random());
            std::memset(segment.view().at<unsigned char>(block), fill, size);
            ASSERT_TRUE(live.emplace(block, std::pair{size, fill}).second);
        } else {
            auto place =
                live.lower_bound(segment.view().identity().heap.offset + random() % (8U << 20));
            if (place == live.end()) place = live.begin();
            check_and_free(place);
        }
    }
    while (!live.empty()) check_and_free(live.begin());
    EXPECT_EQ(heap.bytes_used(), 0U);
    EXPECT_EQ(heap.bytes_in_spans(), 0U);
}

TEST(Heap, KeepsAReserveForUpkeepWhenItIsFullOfData) {
    const Segment segment = small_segment();
    Heap heap = heap_of(segment);
    while (heap.allocate(200, Heap::Purpose::data) != 0) {
    }
    EXPECT_EQ(heap.allocate(64, Heap::Purpose::data), 0U);
    std::vector<Offset> upkeep;
    for (int i = 0; i < 100; ++i) {
        upkeep.push_back(heap.allocate(64, Heap::Purpose::upkeep));
        ASSERT_NE(upkeep.back(), 0U);
    }
    // Memory from the reserve is not used for data, even if one of its blocks is free.
    EXPECT_EQ(heap.allocate(64, Heap::Purpose::data), 0U);
    for (const Offset block : upkeep) heap.free(block, 64);
    EXPECT_EQ(heap.allocate(64, Heap::Purpose::data), 0U);
}

TEST(Heap, IsFullWhenTheHostHasNoMemory) {
    const Segment segment = small_segment();
    std::uint64_t left = 2ULL << 20;
    Heap heap(segment.view(), [&left](Offset, std::uint64_t bytes) {
        if (bytes > left) return false;
        left -= bytes;
        return true;
    });
    std::uint64_t blocks = 0;
    while (heap.allocate(1024, Heap::Purpose::data) != 0) ++blocks;
    EXPECT_EQ(blocks, 2048U);
    left = 64ULL << 20;
    EXPECT_NE(heap.allocate(1024, Heap::Purpose::data), 0U);
}

TEST(Heap, SegmentShowsTheContentOfEachSpan) {
    const Segment segment = small_segment();
    Heap heap = heap_of(segment);
    const Offset block = heap.allocate(100, Heap::Purpose::data);
    const auto index = (block - segment.view().identity().heap.offset) / span_bytes;
    EXPECT_EQ(segment.view().span(index).size_class.load(), size_class::of(100) + 1);
    EXPECT_EQ(segment.view().span(index).used.load(), 1);
    heap.free(block, 100);
    EXPECT_EQ(segment.view().span(index).size_class.load(), 0);
}

}  // namespace
}  // namespace ringside::shm
