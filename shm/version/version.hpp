#pragma once

#include <atomic>
#include <cstring>
#include <string_view>

#include "shm/base/types.hpp"
#include "shm/segment/layout.hpp"

namespace ringside::shm {

inline constexpr std::uint64_t offset_mask = (1ULL << 48) - 1;

/// Flags of a version, stored above its link.
namespace version_flag {
inline constexpr std::uint64_t tombstone = 1ULL << 48;  ///< the record is deleted from here on
inline constexpr std::uint64_t expires = 1ULL << 49;    ///< eight bytes of expiry precede the name
inline constexpr std::uint64_t paged = 1ULL << 50;      ///< the document refers to further pages
inline constexpr std::uint64_t index_value =
    1ULL << 51;  ///< not a version of a record: see shm/index/value_index.hpp
}  // namespace version_flag

/// One version of a record: header, name and document in one block. So a read by name costs the
/// cache misses of one block.
///
///   0          8         16              24       28        30     32        36          40
///   | revision | version | link | flags  | record | name sz | ---- | doc sz  | name hash | updated
///   | 48: [expiry, Unix ms] name, padding to 8, document or its root page
///
/// Writer: the engine thread, before the block is linked. Afterwards it writes only `link`, and
/// only to make a version of an abandoned commit a tombstone before its revision is published.
/// `link` leads to the version that this one replaced. It may dangle. Only a reader whose revision
/// is below `revision`, and whose pin keeps the older version, follows it.
struct VersionBlock {
    Revision revision;
    Version version;
    Word link;
    std::uint32_t record;
    std::uint16_t name_bytes;
    std::uint16_t reserved;
    std::uint32_t document_bytes;
    std::uint32_t name_hash;   ///< low half of the name's hash
    std::uint64_t updated_ns;  ///< Unix time of the commit

    [[nodiscard]] std::uint64_t link_word() const noexcept {
        return link.load(std::memory_order_relaxed);
    }
    [[nodiscard]] Offset previous() const noexcept { return link_word() & offset_mask; }
    [[nodiscard]] bool is_tombstone() const noexcept {
        return (link_word() & version_flag::tombstone) != 0;
    }
    [[nodiscard]] bool has_expiry() const noexcept {
        return (link_word() & version_flag::expires) != 0;
    }
    [[nodiscard]] bool has_pages() const noexcept {
        return (link_word() & version_flag::paged) != 0;
    }
    [[nodiscard]] bool is_index_value() const noexcept {
        return (link_word() & version_flag::index_value) != 0;
    }
    [[nodiscard]] RecordId record_id() const noexcept { return RecordId{record}; }

    /// Unix time in ms at which the record expires; 0 = never.
    [[nodiscard]] std::uint64_t expires_ms() const noexcept {
        if (!has_expiry()) return 0;
        std::uint64_t value = 0;
        std::memcpy(&value, bytes() + sizeof(VersionBlock), sizeof value);
        return value;
    }
    [[nodiscard]] std::string_view name() const noexcept {
        return {reinterpret_cast<const char*>(bytes() + name_offset(has_expiry())), name_bytes};
    }
    /// Returns the document, or its root page.
    [[nodiscard]] ByteView document() const noexcept {
        return {bytes() + document_offset(name_bytes, has_expiry()), document_bytes};
    }
    [[nodiscard]] std::uint64_t block_bytes() const noexcept {
        return bytes_needed(name_bytes, document_bytes, has_expiry());
    }

    static constexpr std::uint64_t name_offset(bool has_expiry) noexcept {
        return sizeof(VersionBlock) + (has_expiry ? 8 : 0);
    }
    static constexpr std::uint64_t document_offset(std::size_t name_bytes,
                                                   bool has_expiry) noexcept {
        return align_up(name_offset(has_expiry) + name_bytes, 8);
    }
    static constexpr std::uint64_t bytes_needed(std::size_t name_bytes, std::size_t document_bytes,
                                                bool has_expiry) noexcept {
        return document_offset(name_bytes, has_expiry) + document_bytes;
    }

private:
    [[nodiscard]] const Byte* bytes() const noexcept { return reinterpret_cast<const Byte*>(this); }
};
static_assert(sizeof(VersionBlock) == 48);
static_assert(offsetof(VersionBlock, link) == 16);
static_assert(offsetof(VersionBlock, name_hash) == 36);

}  // namespace ringside::shm
