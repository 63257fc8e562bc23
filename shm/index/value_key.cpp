#include "shm/index/value_key.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::shm {

namespace {

void store_big_endian(char* at, std::uint64_t value, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) {
        at[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
    }
}

}  // namespace

ValueKey ValueKey::of(const Value& value) noexcept {
    switch (value.type()) {
        case ValueType::null: return of_null();
        case ValueType::boolean: return of_bool(value.as_bool().value_or(false));
        case ValueType::integer: return of_int64(value.as_int64().value_or(0));
        case ValueType::unsigned_integer: return of_uint64(value.as_uint64().value_or(0));
        case ValueType::real: return of_double(value.as_double().value_or(0));
        case ValueType::string: return of_string(value.as_string().value_or(""));
        case ValueType::array:
        case ValueType::object: break;
    }
    return ValueKey(Tag::container);
}

ValueKey ValueKey::of_number(double nearest, std::int64_t lacking) noexcept {
    // Positive doubles order like their bits, negative doubles in reverse; -0 becomes 0.
    const auto bits = std::bit_cast<std::uint64_t>(nearest == 0 ? 0.0 : nearest);
    const bool is_negative = (bits >> 63) != 0;
    ValueKey key(Tag::number);
    store_big_endian(&key.bytes_[1], is_negative ? ~bits : bits | (1ULL << 63), 8);
    // At most half the distance of two doubles below 2^64: 1,024.
    store_big_endian(&key.bytes_[9], static_cast<std::uint64_t>(lacking + (1 << 15)), 2);
    key.size_ = 11;
    return key;
}

ValueKey ValueKey::of_int64(std::int64_t value) noexcept {
    const auto nearest = static_cast<double>(value);
    const auto lacking = static_cast<__int128>(value) - static_cast<__int128>(nearest);
    return of_number(nearest, static_cast<std::int64_t>(lacking));
}

ValueKey ValueKey::of_uint64(std::uint64_t value) noexcept {
    const auto nearest = static_cast<double>(value);
    const auto lacking = static_cast<__int128>(value) - static_cast<__int128>(nearest);
    return of_number(nearest, static_cast<std::int64_t>(lacking));
}

ValueKey ValueKey::of_double(double value) noexcept { return of_number(value, 0); }

ValueKey ValueKey::of_string(std::string_view value) noexcept {
    ValueKey key(Tag::string);
    const std::size_t kept = std::min(value.size(), key.bytes_.size() - 1);
    std::memcpy(&key.bytes_[1], value.data(), kept);
    key.size_ = 1 + kept;
    return key;
}

}  // namespace ringside::shm
