#include <utility>

#include "shm/index/name_index.hpp"

/// The reader's side; the protocol is at the top of name_index_writer.cpp.
///
/// A reader whose pin was revoked may meet reused memory. So a header is read once and checked
/// before its contents are used. An implausible header ends the walk, and the owner of the pin
/// reports `snapshot_expired`. A child must be one level below its parent. So whatever the nodes
/// contain, a walk below a root of level L visits at most 64^L leaves, and no position twice.
namespace ringside::shm {

using index::Inner;
using index::Leaf;
using index::NodeHeader;

Offset NameIndexCursor::child_at(const Place& place, std::uint32_t child) const noexcept {
    // SYNC index-link: R2, pairs with W2 in Change::link; the node is complete.
    return Inner(segment_, place.node, place.header)
        .children()[child]
        .load(std::memory_order_acquire);
}

void NameIndexCursor::seek(std::string_view name) noexcept {
    depth_ = 0;
    leaf_header_ = {};
    leaf_begin_ = 0;
    // SYNC index-link: R1, pairs with W2 in Change::link; the root is complete.
    const Offset root = root_->load(std::memory_order_acquire);
    if (root == 0 || !index::is_node(segment_, root)) return;
    if (!descend(root, index::header_at(segment_, root).level, &name)) return;
    leaf_begin_ = Leaf(segment_, leaf_, leaf_header_).lower_bound(name);
}

bool NameIndexCursor::descend(Offset offset, std::uint32_t level,
                              const std::string_view* name) noexcept {
    while (index::is_node(segment_, offset)) {
        const NodeHeader header = index::header_at(segment_, offset);
        if (header.level != level || !index::is_plausible(segment_, offset, header)) break;
        if (level == 0) {
            leaf_ = offset;
            leaf_header_ = header;
            leaf_begin_ = 0;
            return true;
        }
        const Inner node(segment_, offset, header);
        Place& place = path_[depth_++];
        place = {offset, header, name == nullptr ? 0 : node.child_of(*name)};
        offset = child_at(place, place.child);
        --level;
    }
    depth_ = 0;
    return false;
}

std::span<const std::uint32_t> NameIndexCursor::next() noexcept {
    while (leaf_begin_ >= leaf_header_.count) {
        if (!enter_next_leaf()) return {};
    }
    prefetch_next_leaf();
    const std::span<const std::uint32_t> ids = Leaf(segment_, leaf_, leaf_header_).ids();
    return ids.subspan(std::exchange(leaf_begin_, leaf_header_.count));
}

bool NameIndexCursor::enter_next_leaf() noexcept {
    leaf_header_ = {};
    leaf_begin_ = 0;
    for (; depth_ > 0; --depth_) {
        Place& place = path_[depth_ - 1];
        if (++place.child < place.header.count) {
            return descend(child_at(place, place.child), place.header.level - 1U, nullptr);
        }
    }
    return false;
}

void NameIndexCursor::prefetch_next_leaf() const noexcept {
    if (depth_ == 0) return;
    const Place& place = path_[depth_ - 1];
    if (place.child + 1 >= place.header.count) return;
    const Offset next = child_at(place, place.child + 1);
    if (!index::is_node(segment_, next)) return;
    const char* leaf = segment_.at<char>(next);
    constexpr std::uint64_t leaf_bytes_max = NodeHeader{.count = index::leaf_entries_max}.bytes();
    // The header, and the ids, which are the second half of a full leaf.
    __builtin_prefetch(leaf);
    for (std::uint64_t at = leaf_bytes_max / 4; at < leaf_bytes_max; at += cache_line_bytes) {
        __builtin_prefetch(leaf + at);
    }
}

}  // namespace ringside::shm
