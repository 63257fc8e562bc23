#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <vector>

#include "shm/index/change.hpp"
#include "shm/index/name_index.hpp"

/// The ordered index: a B+tree over the names, for one writer and any number of readers.
///
/// Writer, for each change:
///   W1  builds all nodes of the change in fresh blocks, which are not reachable; if memory for one
///       is not available, frees the others: nothing has changed
///   W2  links all nodes by one store (release) to a child's word in a live inner node, or to the
///       root's word. The word leads to a new subtree for the same interval of names. If the number
///       of children of an inner node changes, this node is built as well, and so on upwards
///   W3  retires the replaced nodes. They are frozen: their words are never stored to again
/// Reader, with a pin at S from before R1 until after the last step:
///   R1  loads the root's word (acquire)
///   R2  descends by the separators: loads the word of one child (acquire: pairs with W2, the node
///       is complete), and keeps the node and the index of the child on its path
///   R3  returns the ids of a leaf
///   R4  continues in the last node of the path with the next child (R2, leftmost); after its last
///       child, one node up
/// Each name that was in the index from the pin on is visited exactly once, in order:
///   1  A node covers an interval of names: the root all names, a child those between its
///      separators. The separators of a node never change, and W2 stores into a word only subtrees
///      for the same interval. So the intervals that R4 visits follow each other without gap or
///      overlap, for any mixture of live and frozen nodes on the path.
///   2  The subtree of a live word holds exactly the names of its interval that are in the index at
///      that moment: W2 replaces it as a whole.
///   3  The word of a child that a reader loads in a live node is the state at the load; in a
///      frozen node, the state at its replacement. The node was live when the reader loaded the
///      word above it, or by induction the node above was frozen after R1. Either moment is after
///      the pin.
///   4  By 2 and 3 each interval is visited in its state at some moment after the pin. The names
///      that remained are in it, and only there. Names that were inserted or erased meanwhile may
///      be visited or not. They are not visible at S, because the engine erases only records that
///      no pinned revision can see.
/// No memory of this is reused under the reader. Nodes that W3 retires were unlinked after the
/// reader's pin (see shm/pin/pin.hpp). The slots of erased records are kept as long as those nodes.
/// A crash between W1 and W2 leaves blocks that nothing refers to.
namespace ringside::shm {

using index::Change;
using index::Inner;
using index::Leaf;

namespace {

constexpr std::size_t leaf_underfull = index::leaf_entries_max / 4;
constexpr std::size_t leaf_merged_max = index::leaf_entries_max * 3 / 4;
constexpr std::size_t inner_underfull = index::inner_children_max / 4;
constexpr std::size_t inner_merged_max = index::inner_children_max * 3 / 4;

/// Returns the shortest text that is above `below` and not above `from`. REQUIRES: below < from.
std::string separator_of(std::string_view below, std::string_view from) {
    return std::string(from.substr(0, index::common_prefix(below, from) + 1));
}

/// A neighbour of a child, under the same parent, with room for `count` more entries.
struct Neighbour {
    Offset node = 0;  ///< 0 if there is none
    bool is_left = false;
};
Neighbour neighbour_with_room(const SegmentView& segment, const Inner& parent, std::uint32_t child,
                              std::size_t count, std::size_t merged_max) {
    const auto fits = [&](std::uint32_t other) -> Offset {
        const Offset node = parent.children()[other].load(std::memory_order_relaxed);
        return index::header_at(segment, node).count + count <= merged_max ? node : 0;
    };
    if (child > 0) {
        if (const Offset left = fits(child - 1)) return {left, true};
    }
    if (child + 1 < parent.count()) return {fits(child + 1), false};
    return {};
}

std::string separator_at(const Inner& node, std::uint32_t i) {
    return std::string(node.prefix()).append(node.rest(i));
}

/// Merges the inner node of `content`, a child of `place`, with a neighbour if both fit into one
/// node. Returns the child of `place` that is then obsolete: the right one of the two.
template <class Place>
std::uint32_t merge_inner(const SegmentView& segment, Change& change, const Place& place,
                          Change::Content& content) {
    const Inner parent(segment, place.node);
    const auto [node, is_left] = neighbour_with_room(segment, parent, place.child,
                                                     content.children.size(), inner_merged_max);
    if (node == 0) return 0;
    Change::Content beside = change.content_of(node);
    if (is_left) std::swap(content, beside);
    const std::uint32_t right = is_left ? place.child : place.child + 1;
    content.append(separator_at(parent, right - 1), std::move(beside));
    change.replaces(node);
    return right;
}

}  // namespace

NameIndexWriter::NameIndexWriter(const SegmentView& segment, Heap& heap, Retire retire, Word& root)
    : segment_(segment), heap_(&heap), retire_(std::move(retire)), root_(&root) {}

Offset NameIndexWriter::descend(std::string_view name, Path& path) const {
    Offset offset = root_->load(std::memory_order_relaxed);
    for (auto header = index::header_at(segment_, offset); header.level > 0;
         header = index::header_at(segment_, offset)) {
        const Inner node(segment_, offset, header);
        const std::uint32_t child = node.child_of(name);
        path.push_back({offset, child});
        offset = node.children()[child].load(std::memory_order_relaxed);
    }
    return offset;
}

Word& NameIndexWriter::word_above(const Path& path) const noexcept {
    if (path.empty()) return *root_;
    return Inner(segment_, path.back().node).children()[path.back().child];
}

bool NameIndexWriter::link(Change& change, const Path& path, Offset made) {
    if (made == 0) return false;
    change.link(word_above(path), made, retire_);
    return true;
}

bool NameIndexWriter::insert(RecordId record) {
    const auto id = static_cast<std::uint32_t>(record);
    const std::string_view name = index::name_of(segment_, id);
    Change change(segment_, *heap_, Heap::Purpose::data);
    Path path;
    if (root_->load(std::memory_order_relaxed) == 0) {
        return link(change, path, change.build_leaf({&id, 1}));
    }
    const Offset old = descend(name, path);
    const Leaf leaf(segment_, old);
    const std::uint32_t at = leaf.lower_bound(name);
    change.replaces(old);
    if (leaf.count() == index::leaf_entries_max) return split_leaf(change, path, leaf, at, id);
    return link(change, path, change.build_with(leaf, at, id, name));
}

bool NameIndexWriter::split_leaf(Change& change, Path& path, const Leaf& leaf, std::uint32_t at,
                                 std::uint32_t id) {
    std::array<std::uint32_t, index::leaf_entries_max + 1> ids{};
    const auto old = leaf.ids();
    auto place = std::copy(old.begin(), old.begin() + at, ids.begin());
    *place++ = id;
    std::copy(old.begin() + at, old.end(), place);
    // If names arrive in ascending order, leaves stay full: only the new name goes to the right.
    const std::size_t half = at == leaf.count() ? at : ids.size() / 2;
    const std::span<const std::uint32_t> all(ids);
    const Offset left = change.build_leaf(all.first(half));
    const Offset right = left == 0 ? 0 : change.build_leaf(all.subspan(half));
    if (right == 0) return false;
    return replace_child(
        change, path, left,
        separator_of(index::name_of(segment_, ids[half - 1]), index::name_of(segment_, ids[half])),
        right);
}

/// Replaces the node at the end of `path` by two nodes; splits the nodes above as needed.
bool NameIndexWriter::replace_child(Change& change, Path& path, Offset left, std::string separator,
                                    Offset right) {
    while (!path.empty()) {
        const Place place = path.back();
        path.pop_back();
        Change::Content content = change.content_of(place.node);
        change.replaces(place.node);
        const auto child = static_cast<std::ptrdiff_t>(place.child);
        content.children[place.child] = left;
        content.children.insert(content.children.begin() + child + 1, right);
        content.separators.insert(content.separators.begin() + child, std::move(separator));
        if (content.children.size() <= index::inner_children_max) {
            return link(change, path, change.build_inner(content));
        }
        const Change::Content second = content.split_off(separator);
        left = change.build_inner(content);
        right = left == 0 ? 0 : change.build_inner(second);
        if (right == 0) return false;
    }
    const auto level = static_cast<std::uint16_t>(index::header_at(segment_, left).level + 1);
    assert(level < index::height_max);
    return link(change, path, change.build_inner({level, {left, right}, {std::move(separator)}}));
}

bool NameIndexWriter::erase(RecordId record) {
    const auto id = static_cast<std::uint32_t>(record);
    Path path;
    const Offset old = descend(index::name_of(segment_, id), path);
    const Leaf leaf(segment_, old);
    const auto ids = leaf.ids();
    const auto at = static_cast<std::uint32_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
    assert(at < leaf.count());
    Change change(segment_, *heap_, Heap::Purpose::upkeep);
    change.replaces(old);
    const std::uint32_t left = leaf.count() - 1;
    if (path.empty() && left == 0) {
        change.link(*root_, 0, retire_);
        return true;
    }
    if (!path.empty() && left < leaf_underfull) return shrink_leaf(change, path, leaf, at);
    return link(change, path, change.build_without(leaf, at));
}

std::optional<RecordId> NameIndexWriter::find(std::string_view name) const {
    if (root_->load(std::memory_order_relaxed) == 0) return std::nullopt;
    Path path;
    const Leaf leaf(segment_, descend(name, path));
    const std::uint32_t at = leaf.lower_bound(name);
    if (at == leaf.count() || index::name_of(segment_, leaf.ids()[at]) != name) {
        return std::nullopt;
    }
    return RecordId{leaf.ids()[at]};
}

bool NameIndexWriter::shrink_leaf(Change& change, Path& path, const Leaf& leaf, std::uint32_t at) {
    const std::uint32_t child = path.back().child;
    if (leaf.count() == 1) return remove_child(change, path, child, 0);
    const Inner parent(segment_, path.back().node);
    const auto [node, is_left] =
        neighbour_with_room(segment_, parent, child, leaf.count() - 1, leaf_merged_max);
    if (node == 0) return link(change, path, change.build_without(leaf, at));
    std::vector<std::uint32_t> ids(leaf.ids().begin(), leaf.ids().end());
    ids.erase(ids.begin() + at);
    const auto beside = Leaf(segment_, node).ids();
    ids.insert(is_left ? ids.begin() : ids.end(), beside.begin(), beside.end());
    const Offset merged = change.build_leaf(ids);
    if (merged == 0) return false;
    change.replaces(node);
    return remove_child(change, path, is_left ? child : child + 1, merged);
}

/// Removes child `gone` from the last node of `path`; its left neighbour becomes `merged`, unless
/// that is 0. Merges the nodes above as needed.
bool NameIndexWriter::remove_child(Change& change, Path& path, std::uint32_t gone, Offset merged) {
    for (;;) {
        const Place place = path.back();
        path.pop_back();
        Change::Content content = change.content_of(place.node);
        change.replaces(place.node);
        if (merged != 0) content.children[gone - 1] = merged;
        content.children.erase(content.children.begin() + gone);
        if (!content.separators.empty()) {
            content.separators.erase(content.separators.begin() + (gone == 0 ? 0 : gone - 1));
        }
        const std::size_t left = content.children.size();
        if (path.empty() && left <= 1) {
            change.link(*root_, left == 0 ? 0 : content.children.front(), retire_);
            return true;
        }
        if (left == 0) {
            gone = path.back().child;
            merged = 0;
            continue;
        }
        gone = path.empty() || left >= inner_underfull
                   ? 0
                   : merge_inner(segment_, change, path.back(), content);
        const Offset made = change.build_inner(content);
        if (made == 0 || gone == 0) return link(change, path, made);
        merged = made;
    }
}

}  // namespace ringside::shm
