#include "shm/index/name_index.hpp"
#include "shm/index/node.hpp"

/// The reader's side; its protocol is at the top of name_index_writer.cpp.
///
/// A reader whose pin was revoked may find memory that is used for something else by now.
/// Everything that a node says is therefore checked before it is followed; what is not plausible
/// ends the walk, and the owner of the pin reports `snapshot_expired`.
namespace ringside::shm {

using index::Inner;
using index::Leaf;

namespace {

/// Whether a whole node lies at `offset`.
bool is_plausible(const SegmentView& segment, Offset offset) noexcept {
    const Region& heap = segment.identity().heap;
    if (offset < heap.offset || offset % 8 != 0 || !segment.holds(offset, sizeof(Inner)))
        return false;
    const auto& header = *segment.at<index::NodeHeader>(offset);
    if (header.level >= index::height_max || header.count == 0) return false;
    if (header.level == 0) {
        return header.count <= index::leaf_entries_max &&
               segment.holds(offset, Leaf::bytes_needed(header.count));
    }
    return header.count <= index::inner_children_max &&
           segment.holds(offset, segment.at<Inner>(offset)->bytes());
}

}  // namespace

void NameIndexCursor::seek(std::string_view name) noexcept {
    depth_ = 0;
    leaf_ = 0;
    // acquire, here and below: pairs with the writer's release; the node is whole.
    Offset offset = segment_.header().root.index.load(std::memory_order_acquire);
    if (!descend(offset, &name)) return;
    const auto& leaf = *segment_.at<Leaf>(leaf_);
    leaf_begin_ = index::lower_bound(segment_, leaf, name);
}

bool NameIndexCursor::descend(Offset offset, const std::string_view* name) noexcept {
    for (;;) {
        if (!is_plausible(segment_, offset)) {
            leaf_ = 0;
            return false;
        }
        const auto* node = segment_.at<Inner>(offset);
        if (node->header.level == 0) {
            leaf_ = offset;
            leaf_begin_ = 0;
            return true;
        }
        if (depth_ == height_max) return false;
        const std::uint32_t child = name == nullptr ? 0 : node->child_of(*name);
        path_[depth_++] = {offset, child};
        offset = node->children()[child].load(std::memory_order_acquire);
    }
}

std::span<const std::uint32_t> NameIndexCursor::next() noexcept {
    while (leaf_ != 0) {
        const auto* leaf = segment_.at<Leaf>(leaf_);
        const std::uint32_t count = leaf->header.count;
        const std::uint32_t begin = leaf_begin_;
        const bool fits =
            count <= index::leaf_entries_max && segment_.holds(leaf_, Leaf::bytes_needed(count));
        move_to_next_leaf();
        if (fits && begin < count) return {leaf->ids() + begin, count - begin};
    }
    return {};
}

void NameIndexCursor::move_to_next_leaf() noexcept {
    leaf_ = 0;
    while (depth_ > 0) {
        Place& place = path_[depth_ - 1];
        const auto* node = segment_.at<Inner>(place.node);
        ++place.child;
        if (place.child < std::min<std::uint32_t>(node->header.count, index::inner_children_max)) {
            const Offset child = node->children()[place.child].load(std::memory_order_acquire);
            if (descend(child, nullptr)) __builtin_prefetch(segment_.at<Leaf>(leaf_)->ids());
            return;
        }
        --depth_;
    }
}

}  // namespace ringside::shm
