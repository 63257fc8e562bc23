#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "shm/base/limits.hpp"
#include "shm/segment/layout.hpp"
#include "shm/segment/segment.hpp"

/// Measurements of the broker, in the pages after the header of a segment. No reader of records
/// needs them. A broker that takes over continues the counts of the former one.
namespace ringside::shm {

/// Histogram of whole numbers with four buckets for each power of two. Bucket i counts the values
/// above `upper_bound(i - 1)`, up to and including `upper_bound(i)`:
///
///   i            0  1  2  3  4  5  6  7  8   9   10  11  12  13  14  15  16 ...
///   upper bound  1  2  3  4  5  6  7  8  10  12  14  16  20  24  28  32  40 ...
///
/// The last bucket counts all values beyond the bounds (2^36: 69 s in nanoseconds).
///
/// Writer: one thread of the broker. Readers: any process, through a read-only mapping. All words
/// are stored in relaxed order, so a reader may see a value in its bucket and not yet in `sum`. The
/// number of values is the sum of the buckets, which cannot contradict them. A crash between the
/// two stores leaves a value out of `sum`.
struct alignas(cache_line_bytes) Histogram {
    static constexpr std::size_t buckets_per_octave = 4;
    static constexpr std::size_t bounds = 140;

    std::array<Word, bounds + 1> counts;
    Word sum;  ///< of the values; wraps around

    [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
        const std::uint64_t below = value - std::min<std::uint64_t>(value, 1);
        if (below < buckets_per_octave) return below;
        const auto octave = static_cast<unsigned>(std::bit_width(below)) - 3;
        return std::min(octave * buckets_per_octave + (below >> octave), bounds);
    }
    /// REQUIRES: bucket < bounds.
    [[nodiscard]] static constexpr std::uint64_t upper_bound(std::size_t bucket) noexcept {
        if (bucket < buckets_per_octave) return bucket + 1;
        return (bucket % buckets_per_octave + buckets_per_octave + 1)
               << (bucket / buckets_per_octave - 1);
    }

    /// Counts a value `times` times. A few nanoseconds; no locked instruction.
    void observe(std::uint64_t value, std::uint64_t times = 1) noexcept {
        const auto add = [](Word& word, std::uint64_t more) {
            word.store(word.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
        };
        add(counts[bucket_of(value)], times);
        add(sum, value * times);
    }
};

struct Statistics {
    // Written by the engine's thread.
    Histogram turn_ns;          ///< duration of turns that did work
    Histogram commit_ns;        ///< for each commit, the duration of the turn that made it visible
    Histogram commits_of_turn;  ///< commits that one turn made visible together; turns with some

    // Written by the store's thread.
    Histogram sync_ns;           ///< duration of writes that were forced to disk
    Histogram changes_of_batch;  ///< changes in one write of the store

    /// Pins that each session holds, by the index of its entry in the table of sessions. Written by
    /// the engine's thread, a few times per second, together with the session's entry.
    std::array<HalfWord, limits::sessions_max> pins;
};

inline constexpr Offset statistics_offset = 4096;
inline constexpr std::uint64_t statistics_bytes = 24576;
static_assert(sizeof(Header) <= statistics_offset);
static_assert(sizeof(Statistics) <= statistics_bytes);

[[nodiscard]] inline Statistics& statistics_of(const SegmentView& segment) noexcept {
    return *segment.at<Statistics>(statistics_offset);
}

}  // namespace ringside::shm
