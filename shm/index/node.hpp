#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>

#include "shm/segment/segment.hpp"

/// Nodes of the ordered index. All are written once, before they are linked, except the children of
/// an inner node, which are replaced in place.
namespace ringside::shm::index {

inline constexpr std::uint32_t leaf_entries_max = 63;
inline constexpr std::uint32_t inner_children_max = 64;
inline constexpr std::uint32_t height_max = 16;

struct NodeHeader {
    std::uint16_t level;  ///< 0 = leaf
    std::uint16_t count;  ///< entries of a leaf, children of an inner node
};

/// Up to 63 records in name order, in whole cache lines; about eight bytes a record.
///
///   0       2       4      8                 8 + 4n           8 + 8n
///   | level | count | skip | heads, 4 B each | ids, 4 B each  |
///
/// All names in the leaf begin with the same `skip` bytes; a head is the four bytes after those,
/// big endian, filled up with zeros.
struct Leaf {
    NodeHeader header;
    std::uint32_t skip;

    [[nodiscard]] static std::uint64_t bytes_needed(std::uint64_t count) noexcept {
        return align_up(sizeof(Leaf) + count * 8, cache_line_bytes);
    }
    [[nodiscard]] std::uint32_t* heads() noexcept {
        return reinterpret_cast<std::uint32_t*>(this + 1);
    }
    [[nodiscard]] const std::uint32_t* heads() const noexcept {
        return reinterpret_cast<const std::uint32_t*>(this + 1);
    }
    [[nodiscard]] std::uint32_t* ids() noexcept { return heads() + header.count; }
    [[nodiscard]] const std::uint32_t* ids() const noexcept { return heads() + header.count; }
};
static_assert(sizeof(Leaf) == 8);

/// Up to 64 children, and between two of them the shortest text that separates their names: all
/// names in child i are below separator i, all in child i + 1 at or above it.
///
///   0       2       4            8                    8 + 8n                      8 + 8n + 4(n-1)
///   | level | count | text bytes | children, 8 B each | ends of separators, 4 B each | text |
struct Inner {
    NodeHeader header;
    std::uint32_t text_bytes;

    [[nodiscard]] static std::uint64_t bytes_needed(std::uint64_t count,
                                                    std::uint64_t text_bytes) noexcept {
        return sizeof(Inner) + count * 8 + (count - 1) * 4 + text_bytes;
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept {
        return bytes_needed(header.count, text_bytes);
    }
    [[nodiscard]] Word* children() noexcept { return reinterpret_cast<Word*>(this + 1); }
    [[nodiscard]] const Word* children() const noexcept {
        return reinterpret_cast<const Word*>(this + 1);
    }
    [[nodiscard]] std::uint32_t* ends() noexcept {
        return reinterpret_cast<std::uint32_t*>(children() + header.count);
    }
    [[nodiscard]] const std::uint32_t* ends() const noexcept {
        return reinterpret_cast<const std::uint32_t*>(children() + header.count);
    }
    [[nodiscard]] const char* text() const noexcept {
        return reinterpret_cast<const char*>(ends() + (header.count - 1));
    }
    [[nodiscard]] std::string_view separator(std::uint32_t i) const noexcept {
        const std::uint32_t begin = i == 0 ? 0 : std::min(ends()[i - 1], text_bytes);
        const std::uint32_t end = std::min(ends()[i], text_bytes);
        return begin <= end ? std::string_view(text() + begin, end - begin) : std::string_view();
    }
    /// The child in which `name` is, if it is anywhere.
    [[nodiscard]] std::uint32_t child_of(std::string_view name) const noexcept {
        std::uint32_t low = 0;
        std::uint32_t high = header.count - 1U;
        while (low < high) {
            const std::uint32_t middle = (low + high) / 2;
            if (separator(middle) <= name) low = middle + 1;
            else high = middle;
        }
        return low;
    }
};
static_assert(sizeof(Inner) == 8);

/// The four bytes of `name` from `skip` on, so that they compare as numbers.
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

/// Name of a record. Empty when the slot is empty or leads outside: only a reader whose pin was
/// revoked can meet that.
[[nodiscard]] inline std::string_view name_of(const SegmentView& segment,
                                              std::uint32_t id) noexcept {
    if ((id + 1ULL) * sizeof(Slot) > segment.identity().slots.bytes) return {};
    // acquire: pairs with the engine's release when it links a version.
    const Offset offset = segment.slot(RecordId{id}).newest.load(std::memory_order_acquire);
    if (offset == 0 || !segment.holds(offset, sizeof(VersionBlock))) return {};
    const VersionBlock& block = *segment.version_at(offset);
    const std::string_view name = block.name();
    return segment.holds(offset, sizeof(VersionBlock) + 8 + name.size()) ? name
                                                                         : std::string_view();
}

/// Index of the first entry whose name is >= `name`.
[[nodiscard]] inline std::uint32_t lower_bound(const SegmentView& segment, const Leaf& leaf,
                                               std::string_view name) noexcept {
    const std::uint32_t count = leaf.header.count;
    if (count == 0) return 0;
    const std::string_view prefix = name_of(segment, leaf.ids()[0]).substr(0, leaf.skip);
    const int order = name.substr(0, prefix.size()).compare(prefix);
    if (order != 0) return order < 0 ? 0 : count;
    const std::uint32_t head = head_of(name, leaf.skip);
    const auto* heads = leaf.heads();
    auto at = static_cast<std::uint32_t>(std::lower_bound(heads, heads + count, head) - heads);
    while (at < count && heads[at] == head && name_of(segment, leaf.ids()[at]) < name) ++at;
    return at;
}

}  // namespace ringside::shm::index
