#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <string>
#include <vector>

#include "shm/index/name_index.hpp"
#include "shm/index/node.hpp"

/// The ordered index: a B+tree over the names, for one writer and any number of readers.
///
/// Writer:
///   W1  every node that a change needs is built in fresh blocks, which nobody can reach
///   W2  one store (release) of a child's word in a live inner node, or of the root's word, links
///   all
///       of them; the nodes that they replace are not written again
///   W3  the replaced nodes are retired
/// Reader, pinned before it loads the root and until it is done: walks from node to node by acquire
/// loads, and keeps its way down, so that it goes on to the next leaf through the inner nodes that
/// it came by.
///
/// What a reader meets: an inner node that it holds was live when it entered, and is either live
/// still or frozen as it was at its replacement, which is later than the reader's pin. The children
/// of either are the state of their part of the names at some moment after the pin, and the
/// separators of one node never change, so the parts neither overlap nor leave gaps. Hence every
/// name that was in the index from the pin on is met exactly once, in order; names that come or go
/// meanwhile are met or not. The versions decide what the reader's revision sees.
/// Nothing of this is freed under the reader: W3 happens after W2, see shm/pin/pin.hpp.
/// A crash between W1 and W2 leaves blocks that nothing leads to.
namespace ringside::shm {

using index::Inner;
using index::Leaf;

namespace {

constexpr std::uint32_t leaf_underfull = index::leaf_entries_max / 4;
constexpr std::uint32_t leaf_merged_max = index::leaf_entries_max * 3 / 4;
constexpr std::size_t inner_underfull = index::inner_children_max / 4;
constexpr std::size_t inner_merged_max = index::inner_children_max * 3 / 4;

std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                    a.begin());
}

/// The shortest text that is above `below` and not above `from`. REQUIRES: below < from.
std::string separator_of(std::string_view below, std::string_view from) {
    return std::string(from.substr(0, common_prefix(below, from) + 1));
}

}  // namespace

/// One change of the tree: what it builds, and what that replaces.
class NameIndexWriter::Change {
public:
    Change(const SegmentView& segment, Heap& heap, Heap::Purpose purpose) noexcept
        : segment_(segment), heap_(&heap), purpose_(purpose) {}
    ~Change() {
        for (const auto& [offset, bytes] : built_) heap_->free(offset, bytes);
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    /// An inner node taken apart.
    struct Content {
        std::uint16_t level = 1;
        std::vector<Offset> children;
        std::vector<std::string> separators;
    };

    [[nodiscard]] Content content_of(Offset offset) const {
        const auto* node = segment_.at<Inner>(offset);
        Content content{node->header.level, {}, {}};
        for (std::uint32_t i = 0; i < node->header.count; ++i) {
            content.children.push_back(node->children()[i].load(std::memory_order_relaxed));
            if (i > 0) content.separators.emplace_back(node->separator(i - 1));
        }
        return content;
    }

    /// 0: no memory.
    [[nodiscard]] Offset build_inner(const Content& content) {
        std::size_t text_bytes = 0;
        for (const std::string& separator : content.separators) text_bytes += separator.size();
        const Offset offset = take(Inner::bytes_needed(content.children.size(), text_bytes));
        if (offset == 0) return 0;
        auto* node = new (segment_.at<std::byte>(offset)) Inner;
        node->header = {content.level, static_cast<std::uint16_t>(content.children.size())};
        node->text_bytes = static_cast<std::uint32_t>(text_bytes);
        for (std::size_t i = 0; i < content.children.size(); ++i) {
            new (node->children() + i) Word(content.children[i]);
        }
        auto* text = const_cast<char*>(node->text());
        std::uint32_t end = 0;
        for (std::size_t i = 0; i < content.separators.size(); ++i) {
            const std::string& separator = content.separators[i];
            separator.copy(text + end, separator.size());
            end += static_cast<std::uint32_t>(separator.size());
            node->ends()[i] = end;
        }
        return offset;
    }

    /// A leaf of these records, whose names are read one by one. 0: no memory.
    [[nodiscard]] Offset build_leaf(std::span<const std::uint32_t> ids) {
        Leaf* leaf = nullptr;
        const Offset offset = take_leaf(ids.size(), leaf);
        if (offset == 0) return 0;
        leaf->skip = static_cast<std::uint32_t>(common_prefix(
            index::name_of(segment_, ids.front()), index::name_of(segment_, ids.back())));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            leaf->heads()[i] = index::head_of(index::name_of(segment_, ids[i]), leaf->skip);
            leaf->ids()[i] = ids[i];
        }
        return offset;
    }

    /// A copy of `old` with one more record. Its names need not be read: where the common prefix
    /// gets shorter, the heads gain bytes of the old prefix at the front. 0: no memory.
    [[nodiscard]] Offset build_with(const Leaf& old, std::uint32_t at, std::uint32_t id) {
        const std::string_view name = index::name_of(segment_, id);
        const std::string_view first = index::name_of(segment_, old.ids()[0]);
        // A leaf of one has its whole name for a prefix: its own bytes count no further.
        const auto skip =
            static_cast<std::uint32_t>(std::min<std::size_t>(old.skip, common_prefix(name, first)));
        const std::uint32_t lost = old.skip - skip;
        const std::uint32_t prefix_head = index::head_of(first.substr(0, old.skip), skip);
        const auto head_at = [&](std::uint32_t i) {
            if (lost == 0) return old.heads()[i];
            if (lost >= 4) return prefix_head;
            return prefix_head | (old.heads()[i] >> (lost * 8));
        };
        const std::uint32_t count = old.header.count;
        Leaf* leaf = nullptr;
        const Offset offset = take_leaf(count + 1U, leaf);
        if (offset == 0) return 0;
        leaf->skip = skip;
        for (std::uint32_t i = 0; i < at; ++i) leaf->heads()[i] = head_at(i);
        leaf->heads()[at] = index::head_of(name, skip);
        for (std::uint32_t i = at; i < count; ++i) leaf->heads()[i + 1] = head_at(i);
        std::copy_n(old.ids(), at, leaf->ids());
        leaf->ids()[at] = id;
        std::copy(old.ids() + at, old.ids() + count, leaf->ids() + at + 1);
        return offset;
    }

    /// A copy of `old` without one record. 0: no memory.
    [[nodiscard]] Offset build_without(const Leaf& old, std::uint32_t at) {
        const std::uint32_t count = old.header.count;
        Leaf* leaf = nullptr;
        const Offset offset = take_leaf(count - 1U, leaf);
        if (offset == 0) return 0;
        leaf->skip = old.skip;
        const auto copy_without = [&](const std::uint32_t* from, std::uint32_t* to) {
            std::copy(from + at + 1, from + count, std::copy_n(from, at, to));
        };
        copy_without(old.heads(), leaf->heads());
        copy_without(old.ids(), leaf->ids());
        return offset;
    }

    /// Builds a node of `content`, or two when it is too large for one, with what separates them.
    /// False: no memory.
    [[nodiscard]] bool build_split(Content& content, std::vector<Offset>& children,
                                   std::vector<std::string>& separators);

    /// Adds a neighbour's children to `content`, the node at `place`, if both fit into one; `gone`
    /// becomes the right one of the two.
    [[nodiscard]] bool merge_inner(const Place& place, Content& content, std::uint32_t& gone);

    void replaces(Offset offset, std::uint64_t bytes) { replaced_.emplace_back(offset, bytes); }
    void replaces_leaf(Offset offset) {
        replaces(offset, Leaf::bytes_needed(segment_.at<Leaf>(offset)->header.count));
    }
    void replaces_inner(Offset offset) { replaces(offset, segment_.at<Inner>(offset)->bytes()); }

    /// W2 and W3.
    void link(Word& word, Offset top, const Retire& retire) {
        // release: pairs with the acquire of readers; the nodes below are whole.
        word.store(top, std::memory_order_release);
        built_.clear();
        for (const auto& [offset, bytes] : replaced_) retire(offset, bytes);
    }

private:
    Offset take(std::uint64_t bytes) {
        const Offset offset = heap_->allocate(bytes, purpose_);
        if (offset != 0) built_.emplace_back(offset, bytes);
        return offset;
    }
    Offset take_leaf(std::uint64_t count, Leaf*& leaf) {
        const Offset offset = take(Leaf::bytes_needed(count));
        if (offset == 0) return 0;
        leaf = new (segment_.at<std::byte>(offset)) Leaf;
        leaf->header = {0, static_cast<std::uint16_t>(count)};
        return offset;
    }

    SegmentView segment_;
    Heap* heap_;
    Heap::Purpose purpose_;
    std::vector<std::pair<Offset, std::uint64_t>> built_;
    std::vector<std::pair<Offset, std::uint64_t>> replaced_;
};

NameIndexWriter::NameIndexWriter(const SegmentView& segment, Heap& heap, Retire retire)
    : segment_(segment), heap_(&heap), retire_(std::move(retire)) {}

Word& NameIndexWriter::root() const noexcept { return segment_.header().root.index; }

Offset NameIndexWriter::descend(std::string_view name, Path& path) const {
    path.clear();
    Offset offset = root().load(std::memory_order_relaxed);
    for (auto* node = segment_.at<Inner>(offset); node->header.level > 0;
         node = segment_.at<Inner>(offset)) {
        const std::uint32_t child = node->child_of(name);
        path.push_back({offset, child});
        offset = node->children()[child].load(std::memory_order_relaxed);
    }
    return offset;
}

Word& NameIndexWriter::word_above(const Path& path) const noexcept {
    if (path.empty()) return root();
    return segment_.at<Inner>(path.back().node)->children()[path.back().child];
}

bool NameIndexWriter::insert(RecordId record) {
    const auto id = static_cast<std::uint32_t>(record);
    const std::string_view name = index::name_of(segment_, id);
    Change change(segment_, *heap_, Heap::Purpose::data);
    if (root().load(std::memory_order_relaxed) == 0) {
        const Offset leaf = change.build_leaf({&id, 1});
        if (leaf == 0) return false;
        change.link(root(), leaf, retire_);
        return true;
    }
    Path path;
    const Offset old = descend(name, path);
    const auto& leaf = *segment_.at<Leaf>(old);
    const std::uint32_t at = index::lower_bound(segment_, leaf, name);
    change.replaces_leaf(old);
    if (leaf.header.count == index::leaf_entries_max) return split_leaf(change, path, leaf, at, id);
    const Offset made = change.build_with(leaf, at, id);
    if (made == 0) return false;
    change.link(word_above(path), made, retire_);
    return true;
}

bool NameIndexWriter::split_leaf(Change& change, Path& path, const Leaf& leaf, std::uint32_t at,
                                 std::uint32_t id) {
    std::array<std::uint32_t, index::leaf_entries_max + 1> ids{};
    std::copy_n(leaf.ids(), at, ids.begin());
    ids[at] = id;
    std::copy(leaf.ids() + at, leaf.ids() + leaf.header.count, ids.begin() + at + 1);
    // Names that come in ascending order fill their leaves: only the new one goes to the right.
    const std::size_t half = at == leaf.header.count ? at : ids.size() / 2;
    const std::span<const std::uint32_t> all(ids);
    const Offset left = change.build_leaf(all.first(half));
    const Offset right = left == 0 ? 0 : change.build_leaf(all.subspan(half));
    if (right == 0) return false;
    return replace_child(change, path, {left, right},
                         {separator_of(index::name_of(segment_, ids[half - 1]),
                                       index::name_of(segment_, ids[half]))});
}

bool NameIndexWriter::replace_child(Change& change, Path& path, std::vector<Offset> children,
                                    std::vector<std::string> separators) {
    while (children.size() > 1) {
        if (path.empty()) {
            const auto level = segment_.at<Inner>(children.front())->header.level;
            const Offset top =
                change.build_inner({static_cast<std::uint16_t>(level + 1), children, separators});
            if (top == 0) return false;
            children = {top};
            break;
        }
        const Place place = path.back();
        path.pop_back();
        Change::Content content = change.content_of(place.node);
        change.replaces_inner(place.node);
        content.children[place.child] = children.front();
        content.children.insert(content.children.begin() + place.child + 1, children.begin() + 1,
                                children.end());
        content.separators.insert(content.separators.begin() + place.child, separators.begin(),
                                  separators.end());
        if (!change.build_split(content, children, separators)) return false;
    }
    change.link(word_above(path), children.front(), retire_);
    return true;
}

bool NameIndexWriter::Change::build_split(Content& content, std::vector<Offset>& children,
                                          std::vector<std::string>& separators) {
    children.clear();
    separators.clear();
    if (content.children.size() > index::inner_children_max) {
        const std::size_t half = content.children.size() / 2;
        Content right{content.level, {}, {}};
        right.children.assign(content.children.begin() + static_cast<std::ptrdiff_t>(half),
                              content.children.end());
        right.separators.assign(content.separators.begin() + static_cast<std::ptrdiff_t>(half),
                                content.separators.end());
        separators.push_back(content.separators[half - 1]);
        content.children.resize(half);
        content.separators.resize(half - 1);
        children.push_back(build_inner(content));
        if (children.back() == 0) return false;
        children.push_back(build_inner(right));
    } else {
        children.push_back(build_inner(content));
    }
    return children.back() != 0;
}

bool NameIndexWriter::erase(RecordId record) {
    const auto id = static_cast<std::uint32_t>(record);
    Path path;
    const Offset old = descend(index::name_of(segment_, id), path);
    const auto& leaf = *segment_.at<Leaf>(old);
    const auto at = static_cast<std::uint32_t>(
        std::find(leaf.ids(), leaf.ids() + leaf.header.count, id) - leaf.ids());
    assert(at < leaf.header.count);
    Change change(segment_, *heap_, Heap::Purpose::upkeep);
    change.replaces_leaf(old);
    const std::uint32_t left = leaf.header.count - 1U;
    if (left < leaf_underfull && !path.empty()) return shrink_leaf(change, path, leaf, at);
    const Offset made = left == 0 ? 0 : change.build_without(leaf, at);
    if (made == 0 && left > 0) return false;
    change.link(word_above(path), made, retire_);
    return true;
}

bool NameIndexWriter::shrink_leaf(Change& change, Path& path, const Leaf& leaf, std::uint32_t at) {
    std::vector<std::uint32_t> ids(leaf.ids(), leaf.ids() + leaf.header.count);
    ids.erase(ids.begin() + at);
    if (ids.empty()) return remove_child(change, path, path.back().child, 0);
    const auto* parent = segment_.at<Inner>(path.back().node);
    const std::uint32_t child = path.back().child;
    for (const std::uint32_t left : {child == 0 ? 0U : child - 1, child}) {
        if (left + 1 >= parent->header.count) continue;
        const std::uint32_t other = left == child ? child + 1 : left;
        const Offset sibling = parent->children()[other].load(std::memory_order_relaxed);
        const auto& beside = *segment_.at<Leaf>(sibling);
        if (beside.header.count + ids.size() > leaf_merged_max) continue;
        ids.insert(other < child ? ids.begin() : ids.end(), beside.ids(),
                   beside.ids() + beside.header.count);
        const Offset merged = change.build_leaf(ids);
        if (merged == 0) return false;
        change.replaces_leaf(sibling);
        return remove_child(change, path, left + 1, merged);
    }
    const Offset made = change.build_without(leaf, at);
    if (made == 0) return false;
    change.link(word_above(path), made, retire_);
    return true;
}

/// Takes child `gone` out of the last node of `path`; its left neighbour becomes `merged`, unless
/// that is 0.
bool NameIndexWriter::remove_child(Change& change, Path& path, std::uint32_t gone, Offset merged) {
    for (;;) {
        const Place place = path.back();
        path.pop_back();
        Change::Content content = change.content_of(place.node);
        change.replaces_inner(place.node);
        if (merged != 0) content.children[gone - 1] = merged;
        content.children.erase(content.children.begin() + gone);
        if (!content.separators.empty()) {
            content.separators.erase(content.separators.begin() + (gone == 0 ? 0 : gone - 1));
        }
        if (path.empty() && content.children.size() <= 1) {
            change.link(root(), content.children.empty() ? 0 : content.children.front(), retire_);
            return true;
        }
        if (content.children.empty()) {
            gone = path.back().child;
            merged = 0;
            continue;
        }
        if (!path.empty() && content.children.size() < inner_underfull &&
            change.merge_inner(path.back(), content, gone)) {
            merged = change.build_inner(content);
            if (merged == 0) return false;
            continue;
        }
        const Offset made = change.build_inner(content);
        if (made == 0) return false;
        change.link(word_above(path), made, retire_);
        return true;
    }
}

bool NameIndexWriter::Change::merge_inner(const Place& place, Content& content,
                                          std::uint32_t& gone) {
    const auto* parent = segment_.at<Inner>(place.node);
    const std::uint32_t child = place.child;
    for (const std::uint32_t left : {child == 0 ? 0U : child - 1, child}) {
        if (left + 1 >= parent->header.count) continue;
        const std::uint32_t other = left == child ? child + 1 : left;
        const Offset sibling = parent->children()[other].load(std::memory_order_relaxed);
        if (segment_.at<Inner>(sibling)->header.count + content.children.size() >
            inner_merged_max) {
            continue;
        }
        Content beside = content_of(sibling);
        Content& first = other < child ? beside : content;
        Content& second = other < child ? content : beside;
        first.separators.emplace_back(parent->separator(left));
        first.separators.insert(first.separators.end(), second.separators.begin(),
                                second.separators.end());
        first.children.insert(first.children.end(), second.children.begin(), second.children.end());
        if (&first != &content) content = std::move(beside);
        replaces_inner(sibling);
        gone = left + 1;
        return true;
    }
    return false;
}

}  // namespace ringside::shm
