#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "shm/heap/block_map.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::shm {

/// Allocator of the segment's heap. All its lists are in the broker's private memory. So a crash
/// leaves no list to repair in the segment, and no client can corrupt the allocator. The segment
/// only has the table of spans (`SpanEntry`: size class, fill level), for take-over and for the
/// command `ringside inspect`.
///
/// Small blocks (<= 32 KiB) come from spans of one size class. Larger blocks are runs of whole
/// spans at the lowest address where they fit. A crash can leave a run half marked in the table of
/// spans; see `adopt`. When the last block of a span is freed, the span is free for blocks of any
/// size.
///
/// Thread safety: none, engine thread only.
class Heap {
public:
    /// Purpose of a block. A part of the heap is reserved for upkeep, so that records can be
    /// removed from a full grid.
    enum class Purpose { data, upkeep };

    /// Backs a part of the segment with memory before use; returns false if the host has none left.
    using CommitMemory = std::function<bool(Offset, std::uint64_t)>;

    Heap(const SegmentView& segment, CommitMemory commit_memory);
    ~Heap();
    Heap(Heap&&) noexcept;

    /// Returns a block of at least `bytes`, or 0 if there is no room for this purpose. Aligned to
    /// 16 bytes, or to 64 if the size of its class is a multiple of 64. The contents are undefined.
    [[nodiscard]] Offset allocate(std::uint64_t bytes, Purpose purpose);

    /// Takes over a heap whose allocator has ended. Blocks in `used` are allocated; spans that
    /// the table marks as free are free. All other memory goes into quarantine until
    /// `end_quarantine`: single blocks, and spans that contain no block of `used`. If a crash left
    /// a run half marked, its marked spans are among these, and the others are free. Memory in
    /// quarantine is unreachable, but a reader that reached it earlier may still read it. REQUIRES:
    /// this object has allocated nothing yet; each block in `used` is at a valid block position.
    void adopt(const BlockMap& used);

    /// Frees the memory that `adopt` has put into quarantine.
    void end_quarantine();
    [[nodiscard]] std::uint64_t bytes_in_quarantine() const noexcept { return quarantine_bytes_; }

    /// Frees a block. REQUIRES: `offset` is a result of `allocate(bytes, …)` with the same `bytes`.
    void free(Offset offset, std::uint64_t bytes);

    /// Returns the allocated size of a block of `bytes`.
    [[nodiscard]] static std::uint64_t rounded(std::uint64_t bytes) noexcept;
    [[nodiscard]] static std::size_t size_classes() noexcept;
    [[nodiscard]] static std::uint32_t class_bytes(std::size_t size_class) noexcept;

    [[nodiscard]] std::uint64_t bytes_used() const noexcept { return bytes_used_; }
    [[nodiscard]] std::uint64_t bytes_in_spans() const noexcept { return bytes_in_spans_; }
    [[nodiscard]] std::uint64_t bytes_total() const noexcept;

private:
    struct Span;
    static constexpr std::uint32_t none = ~0U;

    Offset allocate_small(std::size_t size_class, Purpose purpose);
    /// Returns a block of the next larger class that has a free one: the last resort of upkeep.
    Offset allocate_larger(std::size_t size_class);
    Offset take_block(std::uint32_t index);
    Offset allocate_large(std::uint64_t spans, Purpose purpose);
    /// Removes a run from the free runs, backs it with memory and returns its first span; or
    /// `none`.
    std::uint32_t take_run(std::uint64_t spans, Purpose purpose);
    void adopt_small(std::uint32_t index, std::size_t size_class, const BlockMap& used);
    void release_run(std::uint32_t first, std::uint64_t spans);
    bool ensure_committed(std::uint64_t spans_end);
    /// Returns the list for spans with free blocks that `span` belongs to.
    std::vector<std::uint32_t>& open_list(const Span& span);
    void open(std::uint32_t index);
    void close(std::uint32_t index);

    SegmentView segment_;
    CommitMemory commit_memory_;
    std::vector<std::unique_ptr<Span>> spans_;  ///< small blocks; null for free and large spans
    /// Spans with free blocks by class: for any purpose, and for upkeep only.
    std::array<std::vector<std::vector<std::uint32_t>>, 2> open_spans_;
    std::map<std::uint32_t, std::uint64_t> free_runs_;  ///< first span -> number of spans
    std::uint64_t free_spans_ = 0;
    std::uint64_t reserve_spans_ = 0;
    std::uint64_t committed_spans_ = 0;
    std::uint64_t bytes_used_ = 0;
    std::uint64_t bytes_in_spans_ = 0;
    /// Blocks by span, and whole spans, that are in quarantine.
    std::vector<std::pair<std::uint32_t, std::vector<std::uint16_t>>> quarantined_blocks_;
    std::vector<std::uint32_t> quarantined_spans_;
    std::uint64_t quarantine_bytes_ = 0;
};

}  // namespace ringside::shm
