#pragma once

#include <boost/container/static_vector.hpp>
#include <span>
#include <string>
#include <vector>

#include "shm/base/crash_point.hpp"
#include "shm/heap/heap.hpp"
#include "shm/index/node.hpp"

namespace ringside::shm::index {

/// One change of the tree: the nodes that it builds, and those that these replace. Nodes that were
/// built and not linked are freed on destruction.
class Change {
public:
    Change(const SegmentView& segment, Heap& heap, Heap::Purpose purpose) noexcept
        : segment_(segment), heap_(&heap), purpose_(purpose) {}
    ~Change() {
        for (const Block& block : built_) heap_->free(block.offset, block.bytes);
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    /// An inner node taken apart.
    struct Content {
        std::uint16_t level = 1;
        std::vector<Offset> children;
        std::vector<std::string> separators;

        /// Adds the children of `after`, the next node at its right.
        void append(std::string separator, Content&& after);
        /// Takes the children from the middle on away, and the separator before them.
        Content split_off(std::string& separator);
    };
    [[nodiscard]] Content content_of(Offset inner) const;

    // All of these give 0 when there is no memory.

    [[nodiscard]] Offset build_inner(const Content& content);
    /// A leaf of these records, whose names are read one by one.
    [[nodiscard]] Offset build_leaf(std::span<const std::uint32_t> ids);
    /// A copy of `old` with one more record, of this name.
    [[nodiscard]] Offset build_with(const Leaf& old, std::uint32_t at, std::uint32_t id,
                                    std::string_view name);
    /// A copy of `old` without one record.
    [[nodiscard]] Offset build_without(const Leaf& old, std::uint32_t at);

    /// Says that nothing will lead to the node once this change is linked.
    void replaces(Offset node) { replaced_.push_back({node, header_at(segment_, node).bytes()}); }

    /// Makes all that was built reachable, by one store, and gives what it replaces to `retire`.
    template <class Retire>
    void link(Word& word, Offset top, const Retire& retire) {
        // SYNC index-link: W2 of name_index_writer.cpp, pairs with R1 and R2; the nodes are whole.
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
    /// Two of each level, and a new root.
    using Blocks = boost::container::static_vector<Block, 2 * height_max + 1>;

    /// Memory for a node, with its header; 0: no memory.
    Offset begin_node(const NodeHeader& header);

    SegmentView segment_;
    Heap* heap_;
    Heap::Purpose purpose_;
    Blocks built_;
    Blocks replaced_;
};

[[nodiscard]] std::size_t common_prefix(std::string_view a, std::string_view b) noexcept;

}  // namespace ringside::shm::index
