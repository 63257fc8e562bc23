#pragma once

#include <cstdint>
#include <cstring>

#include "shm/base/types.hpp"

/// Documents of several pages. The cost of a patch depends on its path, not on the document's size.
///
/// A small document is one FlexBuffer in the block of its version. In a large document, that
/// FlexBuffer is the root page. Large values have separate pages. Blobs with a `PageRef` refer to
/// pages (JSON has no blobs, and the verifier refuses them from clients, so nobody can forge a
/// reference):
///
///   string         a page whose root is that string
///   object, array  a tree of pages, ordered as the container is. A leaf (level 0) holds members or
///                  elements as any FlexBuffer does. An inner page (level 1 and up) is an object of
///                  references by the least key that may be below each, or an array of references.
///
/// Pages are immutable, and each belongs to one place of one record. A patch rewrites the pages on
/// its path and copies the references to all others, so the versions of a record share pages.
namespace ringside {

/// Address space of pages: their offsets count from `base`. Must outlive all its readers.
struct PageSpace {
    const Byte* base = nullptr;
    std::uint64_t bytes = 0;
};

namespace page {

inline constexpr std::size_t target_bytes = 1024;  ///< a page is closed at this size
inline constexpr std::size_t bytes_max = 2048;     ///< a patched page beyond this size is split
inline constexpr std::size_t bytes_min = 256;      ///< a smaller leaf joins its parent or neighbour
inline constexpr std::uint8_t level_max = 12;

enum class Kind : std::uint8_t { string = 1, array = 2, object = 3 };

}  // namespace page

/// Precedes the FlexBuffer of each page. The sums include all pages below.
///
///   0       4       8          12        16      17     18      19    24
///   | bytes | count | expanded | encoded | level | kind | nests | --- | FlexBuffer …
struct PageHeader {
    std::uint32_t bytes;     ///< of the following FlexBuffer
    std::uint32_t count;     ///< bytes of a string, elements or members
    std::uint32_t expanded;  ///< as in `DocumentBuilder`, without the container itself
    std::uint32_t encoded;   ///< bytes of all FlexBuffers
    std::uint8_t level;
    page::Kind kind;
    bool nests;  ///< whether the page has references
    std::uint8_t reserved[5];
};
static_assert(sizeof(PageHeader) == 24);

/// Reference to a page: 12 bytes in a blob.
///
///   0        6       7      8       12
///   | offset | level | kind | count |
struct PageRef {
    static constexpr std::size_t bytes = 12;

    Offset offset = 0;
    std::uint32_t count = 0;
    std::uint8_t level = 0;
    page::Kind kind = page::Kind::object;

    static PageRef load(const Byte* at) noexcept {
        std::uint64_t word = 0;
        PageRef ref;
        std::memcpy(&word, at, 8);
        std::memcpy(&ref.count, at + 8, 4);
        ref.offset = word & ((1ULL << 48) - 1);
        ref.level = static_cast<std::uint8_t>(word >> 48);
        ref.kind = static_cast<page::Kind>(word >> 56);
        return ref;
    }
    void store(Byte* at) const noexcept {
        const std::uint64_t word = offset | std::uint64_t{level} << 48 |
                                   std::uint64_t{static_cast<std::uint8_t>(kind)} << 56;
        std::memcpy(at, &word, 8);
        std::memcpy(at + 8, &count, 4);
    }
};

}  // namespace ringside
