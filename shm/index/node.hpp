#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "shm/segment/segment.hpp"
#include "shm/version/visibility.hpp"

/// Nodes of the ordered index. They are written once, before they are linked, except for the
/// children of an inner node, which are replaced in place.
///
/// A reader whose pin was revoked may find other contents in a node's memory, which may change
/// during the read. So a node is accessed through a view that keeps a copy of the header. Checks
/// stay valid, and the view never reads outside the node's bytes.
namespace ringside::shm::index {

inline constexpr std::uint32_t leaf_entries_max = 63;
inline constexpr std::uint32_t inner_children_max = 64;
inline constexpr std::uint32_t height_max = 16;

/// First word of every node.
struct NodeHeader {
    std::uint16_t level = 0;       ///< 0 = leaf
    std::uint16_t count = 0;       ///< entries of a leaf, children of an inner node
    std::uint16_t skip = 0;        ///< length of the common prefix of its names or separators
    std::uint16_t text_bytes = 0;  ///< of an inner node

    /// Size of the node; leaves take whole cache lines.
    [[nodiscard]] constexpr std::uint64_t bytes() const noexcept {
        if (level == 0) return align_up(sizeof(NodeHeader) + count * 8ULL, cache_line_bytes);
        return sizeof(NodeHeader) + count * 8ULL + (count - 1ULL) * 6 + text_bytes;
    }
};
static_assert(sizeof(NodeHeader) == sizeof(Word));
static_assert(NodeHeader{.count = leaf_entries_max}.bytes() == 512);
static_assert(limits::name_bytes_max * (inner_children_max - 1) <= 0xffff);

[[nodiscard]] inline NodeHeader header_at(const SegmentView& segment, Offset node) noexcept {
    return std::bit_cast<NodeHeader>(segment.at<Word>(node)->load(std::memory_order_relaxed));
}

/// Returns whether a node can lie at `offset`, so that its header may be read.
[[nodiscard]] inline bool is_node(const SegmentView& segment, Offset offset) noexcept {
    const Region& heap = segment.identity().heap;
    return offset % 16 == 0 && offset >= heap.offset && offset < heap.end() &&
           segment.holds(offset, sizeof(NodeHeader));
}

/// Returns whether a node with this header can lie at `offset`.
[[nodiscard]] inline bool is_plausible(const SegmentView& segment, Offset offset,
                                       const NodeHeader& header) noexcept {
    const std::uint32_t count_max = header.level == 0 ? leaf_entries_max : inner_children_max;
    return header.level < height_max && header.count > 0 && header.count <= count_max &&
           header.skip <= limits::name_bytes_max && segment.holds(offset, header.bytes());
}

/// Returns four bytes of `name` from `skip` on as a number that orders like them, zero-padded.
[[nodiscard]] inline std::uint32_t head_of(std::string_view name, std::size_t skip) noexcept {
    std::uint32_t head = 0;
    if (skip + 4 <= name.size()) {
        std::memcpy(&head, name.data() + skip, 4);
        return __builtin_bswap32(head);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = skip + i;
        head = (head << 8) | (at < name.size() ? static_cast<unsigned char>(name[at]) : 0U);
    }
    return head;
}

/// Returns the name of a record. Empty if the slot is empty or leads outside the segment, which
/// happens only to a reader whose pin was revoked.
[[nodiscard]] inline std::string_view name_of(const SegmentView& segment,
                                              std::uint32_t id) noexcept {
    const VersionBlock* block = newest_of(segment, RecordId{id});
    if (block == nullptr) return {};
    const std::string_view name = block->name();
    return segment.holds(segment.offset_of(name.data()), name.size()) ? name : std::string_view();
}

/// Returns the first index at which `is_below` is false. REQUIRES: it is true before and false
/// after.
template <class IsBelow>
[[nodiscard]] std::uint32_t first_not(std::uint32_t low, std::uint32_t high, IsBelow&& is_below) {
    while (low < high) {
        const std::uint32_t middle = (low + high) / 2;
        if (is_below(middle)) low = middle + 1;
        else high = middle;
    }
    return low;
}

/// Up to 63 records in name order, in whole cache lines; about eight bytes per record.
///
///   0       2       4      6      8                 8 + 4n           8 + 8n
///   | level | count | skip | ---- | heads, 4 B each | ids, 4 B each  |
///
/// A head is four bytes of a name, after the `skip` bytes that all names in the leaf share: big
/// endian, zero-padded. Different heads order their names. Names are read only for equal heads.
class Leaf {
public:
    Leaf(const SegmentView& segment, Offset node) noexcept
        : Leaf(segment, node, header_at(segment, node)) {}
    Leaf(const SegmentView& segment, Offset node, const NodeHeader& header) noexcept
        : segment_(segment), node_(node), header_(header) {}

    [[nodiscard]] std::uint32_t count() const noexcept { return header_.count; }
    [[nodiscard]] std::uint32_t skip() const noexcept { return header_.skip; }
    [[nodiscard]] std::span<std::uint32_t> heads() const noexcept {
        return {segment_.at<std::uint32_t>(node_ + sizeof(NodeHeader)), count()};
    }
    [[nodiscard]] std::span<std::uint32_t> ids() const noexcept {
        return {segment_.at<std::uint32_t>(node_ + sizeof(NodeHeader)) + count(), count()};
    }

    /// Returns the index of the first entry whose name is >= `name`.
    [[nodiscard]] std::uint32_t lower_bound(std::string_view name) const noexcept {
        const std::string_view prefix = name_of(segment_, ids()[0]).substr(0, skip());
        const int order = name.substr(0, prefix.size()).compare(prefix);
        if (order != 0) return order < 0 ? 0 : count();
        const std::uint32_t head = head_of(name, skip());
        const auto equal = std::equal_range(heads().begin(), heads().end(), head);
        return first_not(static_cast<std::uint32_t>(equal.first - heads().begin()),
                         static_cast<std::uint32_t>(equal.second - heads().begin()),
                         [&](std::uint32_t i) { return name_of(segment_, ids()[i]) < name; });
    }

private:
    SegmentView segment_;
    Offset node_;
    NodeHeader header_;
};

/// Up to 64 children. Between two children is the shortest text that separates their names. All
/// names in child i are below separator i, all names in child i + 1 are at or above it.
///
///   0       2       4      6            8                    8 + 8n        8 + 8n + 4(n-1)
///   | level | count | skip | text bytes | children, 8 B each | heads, 4 B  | ends, 2 B     | text |
///
/// The text is the common prefix of all separators, followed by the rest of each separator up to
/// its end. Heads are those of the rests.
class Inner {
public:
    Inner(const SegmentView& segment, Offset node) noexcept
        : Inner(segment, node, header_at(segment, node)) {}
    Inner(const SegmentView& segment, Offset node, const NodeHeader& header) noexcept
        : base_(segment.at<std::byte>(node)), header_(header) {}

    [[nodiscard]] const NodeHeader& header() const noexcept { return header_; }
    [[nodiscard]] std::uint32_t count() const noexcept { return header_.count; }
    [[nodiscard]] std::span<Word> children() const noexcept {
        return {reinterpret_cast<Word*>(base_ + sizeof(NodeHeader)), count()};
    }
    [[nodiscard]] std::span<std::uint32_t> heads() const noexcept {
        return {reinterpret_cast<std::uint32_t*>(children().data() + count()), count() - 1};
    }
    [[nodiscard]] std::span<std::uint16_t> ends() const noexcept {
        return {reinterpret_cast<std::uint16_t*>(heads().data() + count() - 1), count() - 1};
    }
    [[nodiscard]] std::span<char> text() const noexcept {
        return {reinterpret_cast<char*>(ends().data() + count() - 1), header_.text_bytes};
    }
    [[nodiscard]] std::string_view prefix() const noexcept { return text_between(0, header_.skip); }
    /// Returns the part of a separator after the prefix.
    [[nodiscard]] std::string_view rest(std::uint32_t i) const noexcept {
        return text_between(i == 0 ? header_.skip : ends()[i - 1], ends()[i]);
    }

    /// Returns the child that holds `name`, if the name exists.
    [[nodiscard]] std::uint32_t child_of(std::string_view name) const noexcept {
        const int order = name.substr(0, prefix().size()).compare(prefix());
        if (order != 0) return order < 0 ? 0 : count() - 1;
        const std::string_view tail = name.substr(prefix().size());
        const auto equal = std::equal_range(heads().begin(), heads().end(), head_of(tail, 0));
        return first_not(static_cast<std::uint32_t>(equal.first - heads().begin()),
                         static_cast<std::uint32_t>(equal.second - heads().begin()),
                         [&](std::uint32_t i) { return rest(i) <= tail; });
    }

private:
    [[nodiscard]] std::string_view text_between(std::uint32_t begin,
                                                std::uint32_t end) const noexcept {
        const std::string_view all(text().data(), text().size());
        return begin <= end && end <= all.size() ? all.substr(begin, end - begin)
                                                 : std::string_view();
    }

    std::byte* base_;
    NodeHeader header_;
};

}  // namespace ringside::shm::index
