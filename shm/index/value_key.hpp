#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shm/base/limits.hpp"
#include "shm/document/value.hpp"

namespace ringside::shm {

/// Key of a value in a secondary index: bytes in the order of the values,
///   null < false < true < numbers < strings < arrays and objects
/// where 1 and 1.0 are the same number, a missing value counts as null, and all arrays and objects
/// have the same key.
///
///   number: tag | nearest double, 8 bytes that order like it | rest of the value, 2 bytes
///   string: tag | its bytes, as many as fit
///
/// Thread safety: none.
class ValueKey {
public:
    [[nodiscard]] static ValueKey of(const Value& value) noexcept;
    [[nodiscard]] static ValueKey of_null() noexcept { return ValueKey(Tag::null); }
    [[nodiscard]] static ValueKey of_bool(bool value) noexcept {
        return ValueKey(value ? Tag::yes : Tag::no);
    }
    [[nodiscard]] static ValueKey of_int64(std::int64_t value) noexcept;
    [[nodiscard]] static ValueKey of_uint64(std::uint64_t value) noexcept;
    /// REQUIRES: a number that a document may have.
    [[nodiscard]] static ValueKey of_double(double value) noexcept;
    [[nodiscard]] static ValueKey of_string(std::string_view value) noexcept;

    [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
    /// Returns whether the key is truncated, so that it may stand for several strings with this
    /// prefix.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut(bytes()); }
    [[nodiscard]] static bool is_cut(std::string_view key) noexcept {
        return key.size() == limits::index_key_bytes_max;
    }

    // Keys of a type are in the range from its begin to the begin of the next type.
    [[nodiscard]] static std::string_view numbers_begin() noexcept { return "\x05"; }
    [[nodiscard]] static std::string_view strings_begin() noexcept { return "\x06"; }
    [[nodiscard]] static std::string_view containers_begin() noexcept { return "\x07"; }

private:
    enum class Tag : char { null = 2, no = 3, yes = 4, number = 5, string = 6, container = 7 };

    explicit ValueKey(Tag tag) noexcept : size_(1) { bytes_[0] = static_cast<char>(tag); }
    static ValueKey of_number(double nearest, std::int64_t lacking) noexcept;

    std::array<char, limits::index_key_bytes_max> bytes_;
    std::size_t size_;
};

}  // namespace ringside::shm
