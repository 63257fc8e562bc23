#pragma once

#include <boost/container/static_vector.hpp>
#include <span>
#include <string>
#include <vector>

#include "shm/base/crash_point.hpp"
#include "shm/heap/heap.hpp"
#include "shm/index/node.hpp"

namespace ringside::shm::index {

/// One change of the tree: the nodes that it builds, and the nodes that they replace. The
/// destructor frees nodes that were built and not linked.
class Change {
public:
    Change(const SegmentView& segment, Heap& heap, Heap::Purpose purpose) noexcept
        : segment_(segment), heap_(&heap), purpose_(purpose) {}
    ~Change() {
        for (const Block& block : built_) heap_->free(block.offset, block.bytes);
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    /// Contents of an inner node.
    struct Content {
        std::uint16_t level = 1;
        std::vector<Offset> children;
        std::vector<std::string> separators;

        /// Appends the children of `after`, the next node to the right.
        void append(std::string separator, Content&& after);
        /// Removes the second half of the children and the separator before them.
        Content split_off(std::string& separator);
    };
    [[nodiscard]] Content content_of(Offset inner) const;

    // All of these return 0 if there is no memory.

    [[nodiscard]] Offset build_inner(const Content& content);
    /// Builds a leaf of these records; reads their names one by one.
    [[nodiscard]] Offset build_leaf(std::span<const std::uint32_t> ids);
    /// Builds a copy of `old` with one additional record of this name.
    [[nodiscard]] Offset build_with(const Leaf& old, std::uint32_t at, std::uint32_t id,
                                    std::string_view name);
    /// Builds a copy of `old` without one record.
    [[nodiscard]] Offset build_without(const Leaf& old, std::uint32_t at);

    /// Declares that nothing refers to the node once this change is linked.
    void replaces(Offset node) { replaced_.push_back({node, header_at(segment_, node).bytes()}); }

    /// Makes all built nodes reachable by one store, and passes the replaced nodes to `retire`.
    template <class Retire>
    void link(Word& word, Offset top, const Retire& retire) {
        // SYNC index-link: W2 of name_index_writer.cpp, pairs with R1 and R2; the nodes are
        // complete.
        word.store(top, std::memory_order_release);
        reach(CrashPoint::index_linked);
        built_.clear();
        for (const Block& block : replaced_) retire(block.offset, block.bytes);
    }

private:
    struct Block {
        Offset offset;
        std::uint64_t bytes;
    };
    /// Two nodes per level, and a new root.
    using Blocks = boost::container::static_vector<Block, 2 * height_max + 1>;

    /// Allocates a node and writes its header; returns 0 if there is no memory.
    Offset begin_node(const NodeHeader& header);

    SegmentView segment_;
    Heap* heap_;
    Heap::Purpose purpose_;
    Blocks built_;
    Blocks replaced_;
};

[[nodiscard]] std::size_t common_prefix(std::string_view a, std::string_view b) noexcept;

}  // namespace ringside::shm::index
