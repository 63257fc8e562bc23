#include "shm/segment/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

/// Histograms in a segment.
namespace ringside::shm {
namespace {

TEST(Histogram, EachValueBelongsToTheFirstBucketWithoutASmallerBound) {
    std::set<std::uint64_t> values{0, std::numeric_limits<std::uint64_t>::max()};
    for (std::uint64_t value = 1; value < 5000; ++value) values.insert(value);
    for (unsigned shift = 12; shift < 64; ++shift) {
        for (const std::uint64_t part : {4U, 5U, 6U, 7U}) {
            const std::uint64_t bound = part << (shift - 2);
            values.insert({bound - 1, bound, bound + 1});
        }
    }
    for (const std::uint64_t value : values) {
        std::size_t wanted = 0;
        while (wanted < Histogram::bounds && Histogram::upper_bound(wanted) < value) ++wanted;
        EXPECT_EQ(Histogram::bucket_of(value), wanted) << value;
    }
}

TEST(Histogram, BoundsIncludeEachPowerOfTwoAndRiseByAQuarterAtMost) {
    EXPECT_EQ(Histogram::upper_bound(Histogram::bounds - 1), 1ULL << 36);
    for (unsigned power = 0; power <= 36; ++power) {
        const std::uint64_t bound = 1ULL << power;
        EXPECT_EQ(Histogram::upper_bound(Histogram::bucket_of(bound)), bound);
    }
    for (std::size_t i = 4; i < Histogram::bounds; ++i) {
        const auto below = static_cast<double>(Histogram::upper_bound(i - 1));
        EXPECT_LE(static_cast<double>(Histogram::upper_bound(i)), below * 1.25) << i;
        EXPECT_GT(static_cast<double>(Histogram::upper_bound(i)), below) << i;
    }
}

TEST(Histogram, NewSegmentHasEmptyStatistics) {
    const auto segment = Segment::create_anonymous({.memory_bytes = 8ULL << 20}).value();
    Statistics& statistics = statistics_of(segment.view());
    EXPECT_EQ(statistics.turn_ns.sum.load(), 0U);
    statistics.turn_ns.observe(7, 3);
    statistics.turn_ns.observe(1ULL << 40);
    EXPECT_EQ(statistics.turn_ns.counts[6].load(), 3U);
    EXPECT_EQ(statistics.turn_ns.counts.back().load(), 1U);
    EXPECT_EQ(statistics.turn_ns.sum.load(), 21 + (1ULL << 40));
    EXPECT_EQ(statistics.sync_ns.sum.load(), 0U);
}

}  // namespace
}  // namespace ringside::shm
