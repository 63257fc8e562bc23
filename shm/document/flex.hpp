#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "shm/base/types.hpp"

/// Byte format of a FlexBuffer, as far as documents use it.
///
///   document   … value of the root | its type byte | its width in bytes
///   vector     size | element 0 … n-1 | type byte 0 … n-1
///   map        offset of keys | width of keys | size | elements | type bytes
///   keys       size | offset of key 0 … n-1               (ascending in strcmp order)
///   string     size | bytes | NUL
///   key        bytes | NUL
///   blob       size | bytes
///   number     its bytes, if it is wider than its container ("indirect")
///
/// All fields of a container have its width: 1, 2, 4 or 8 bytes, little endian. Offsets count
/// backwards from where they are stored to the first element or byte. A type byte is
/// `type << 2 | log2(width)`, with the width of the target of the offset.
namespace ringside::flex {

static_assert(std::endian::native == std::endian::little, "documents are read in place");

enum Type : std::uint8_t {
    type_null = 0,
    type_int = 1,
    type_uint = 2,
    type_float = 3,
    type_string = 5,
    type_indirect_int = 6,
    type_indirect_uint = 7,
    type_indirect_float = 8,
    type_map = 9,
    type_vector = 10,
    type_blob = 25,  ///< only as a reference to a page, see page.hpp
    type_bool = 26,
};

constexpr bool is_width(std::uint64_t width) noexcept {
    return width == 1 || width == 2 || width == 4 || width == 8;
}

template <class T>
T load_as(const Byte* at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
}

/// Loads an unsigned field of a container.
inline std::uint64_t load(const Byte* at, std::size_t width) noexcept {
    switch (width) {
        case 1: return *at;
        case 2: return load_as<std::uint16_t>(at);
        case 4: return load_as<std::uint32_t>(at);
        default: return load_as<std::uint64_t>(at);
    }
}

inline std::int64_t load_signed(const Byte* at, std::size_t width) noexcept {
    switch (width) {
        case 1: return load_as<std::int8_t>(at);
        case 2: return load_as<std::int16_t>(at);
        case 4: return load_as<std::int32_t>(at);
        default: return load_as<std::int64_t>(at);
    }
}

/// Returns log2 of the smallest width, in bytes, that holds an unsigned number.
constexpr std::uint8_t width_of(std::uint64_t value) noexcept {
    if (value <= UINT8_MAX) return 0;
    if (value <= UINT16_MAX) return 1;
    return value <= UINT32_MAX ? 2 : 3;
}

constexpr std::uint8_t width_of_signed(std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    return width_of((value < 0 ? ~bits : bits) << 1);
}

/// Returns whether a value is stored in its container itself, not at the target of an offset.
constexpr bool is_inline(std::uint8_t type) noexcept {
    return type <= type_float || type == type_bool;
}

/// Returns the type of the same number when it is stored outside its container.
constexpr std::uint8_t indirect(std::uint8_t type) noexcept {
    return static_cast<std::uint8_t>(type + (type_indirect_int - type_int));
}

constexpr std::uint8_t direct(std::uint8_t type) noexcept {
    return static_cast<std::uint8_t>(type - (type_indirect_int - type_int));
}

constexpr Byte type_byte(std::uint8_t type, std::uint8_t width_log2) noexcept {
    return static_cast<Byte>(type << 2 | width_log2);
}

template <class Field>
void store(Byte* at, std::uint64_t value) noexcept {
    const auto field = static_cast<Field>(value);
    std::memcpy(at, &field, sizeof(Field));
}

/// Stores a field of a container, little endian.
inline void store_width(Byte* at, std::uint64_t value, std::size_t width) noexcept {
    switch (width) {
        case 1: return store<std::uint8_t>(at, value);
        case 2: return store<std::uint16_t>(at, value);
        case 4: return store<std::uint32_t>(at, value);
        default: return store<std::uint64_t>(at, value);
    }
}

/// Returns the number of bytes from a position to the next multiple of `width`.
constexpr std::size_t padding(std::size_t position, std::size_t width) noexcept {
    return (width - position % width) % width;
}

/// Returns the first eight bytes of a key as a number that orders as `strcmp` does: big endian,
/// zero-padded. Reads exactly `size` bytes, or eight.
inline std::uint64_t key_prefix(const char* key, std::size_t size) noexcept {
    const auto* at = reinterpret_cast<const Byte*>(key);
    std::uint64_t word = 0;
    if (size >= 8) {
        word = load_as<std::uint64_t>(at);
    } else if (size >= 4) {
        word = load_as<std::uint32_t>(at) | std::uint64_t{load_as<std::uint32_t>(at + size - 4)}
                                                << (size - 4) * 8;
    } else if (size >= 2) {
        word = load_as<std::uint16_t>(at) | std::uint64_t{load_as<std::uint16_t>(at + size - 2)}
                                                << (size - 2) * 8;
    } else if (size == 1) {
        word = *at;
    }
    return __builtin_bswap64(word);
}

}  // namespace ringside::flex
