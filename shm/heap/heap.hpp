#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "shm/heap/block_map.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::shm {

/// Allocator of the segment's heap. All of its lists lie in the broker's private memory: nothing in
/// the segment has to be repaired after a crash, and no client can corrupt it. What it leaves in
/// the segment is the table of spans (`SpanEntry`): which size class each 64 KiB holds, and how
/// full.
///
/// Small blocks (<= 32 KiB) come from spans of one size class; larger ones are runs of whole spans,
/// taken at the lowest address where they fit. A span without blocks goes back to the runs.
///
/// Thread safety: none, the engine thread only.
class Heap {
public:
    /// What a block is for: a part of the heap is kept back so that records can be removed from a
    /// grid that is full.
    enum class Purpose { data, upkeep };

    /// Backs a part of the segment with memory before it is used; false when the host has none.
    using CommitMemory = std::function<bool(Offset, std::uint64_t)>;

    Heap(const SegmentView& segment, CommitMemory commit_memory);
    ~Heap();
    Heap(Heap&&) noexcept;

    /// A block of at least `bytes`, aligned to 16 (to 64 from 64 bytes on where its class is a
    /// multiple of 64); 0 when there is no room for this purpose. Its content is undefined.
    [[nodiscard]] Offset allocate(std::uint64_t bytes, Purpose purpose);

    /// Takes over a heap whose allocator is gone. Blocks in `used` are taken, spans that held no
    /// blocks are free. All other memory stays out of use until `end_quarantine`: it may be read
    /// still. REQUIRES: nothing was allocated yet; each block in `used` lies where one can begin.
    void adopt(const BlockMap& used);

    /// The memory that `adopt` kept out of use is free.
    void end_quarantine();
    [[nodiscard]] std::uint64_t bytes_in_quarantine() const noexcept { return quarantine_bytes_; }

    /// REQUIRES: `offset` came from `allocate(bytes, …)` with these same bytes.
    void free(Offset offset, std::uint64_t bytes);

    /// What a block of `bytes` really takes.
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
    /// A block of the next larger class that has a free one: the last resort of upkeep.
    Offset allocate_larger(std::size_t size_class);
    Offset take_block(std::uint32_t index);
    Offset allocate_large(std::uint64_t spans, Purpose purpose);
    /// First span of a free run, taken out of the free ones and backed by memory; or `none`.
    std::uint32_t take_run(std::uint64_t spans, Purpose purpose);
    void adopt_small(std::uint32_t index, std::size_t size_class, const BlockMap& used);
    void release_run(std::uint32_t first, std::uint64_t spans);
    bool ensure_committed(std::uint64_t spans_end);
    /// The list that a span with free blocks stands in.
    std::vector<std::uint32_t>& open_list(const Span& span);
    void open(std::uint32_t index);
    void close(std::uint32_t index);

    SegmentView segment_;
    CommitMemory commit_memory_;
    std::vector<std::unique_ptr<Span>> spans_;  ///< of small blocks; null for free and large ones
    /// Spans with free blocks of each class: those for anything, and those for upkeep only.
    std::array<std::vector<std::vector<std::uint32_t>>, 2> open_spans_;
    std::map<std::uint32_t, std::uint64_t> free_runs_;  ///< first span -> number of spans
    std::uint64_t free_spans_ = 0;
    std::uint64_t reserve_spans_ = 0;
    std::uint64_t committed_spans_ = 0;
    std::uint64_t bytes_used_ = 0;
    std::uint64_t bytes_in_spans_ = 0;
    /// Blocks of each span, and whole spans, that `adopt` keeps out of use.
    std::vector<std::pair<std::uint32_t, std::vector<std::uint16_t>>> quarantined_blocks_;
    std::vector<std::uint32_t> quarantined_spans_;
    std::uint64_t quarantine_bytes_ = 0;
};

}  // namespace ringside::shm
