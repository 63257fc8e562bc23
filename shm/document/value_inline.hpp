#pragma once

// Lookup functions of Value that must be inlined. Included only at the end of value.hpp.

namespace ringside {

// A lookup by `Key` is inlined into its caller, from `of` to `as_…`. So no Value is built in
// memory, and unused parts are not computed. Rare cases are function calls.

[[gnu::always_inline]] inline Value Value::of(ByteView document, const PageSpace* space) noexcept {
    const Byte* begin = document.data();
    const std::size_t size = document.size();
    if (size < 3 || size > UINT32_MAX) return {};
    const Byte* end = begin + size;
    const std::size_t width = end[-1];
    if (!flex::is_width(width) || size < width + 2) return {};
    Value value(space, begin, static_cast<std::uint32_t>(size));
    const Byte type_byte = end[-2];
    if (type_byte >> 2 != flex::type_map) return value.at(end - 2 - width, width, type_byte);
    value.read_container(end - 2 - width, width, std::size_t{1} << (type_byte & 3),
                         ValueType::object);
    return value;
}

/// The slot lies within the bytes; everything that it refers to is checked here.
inline Value Value::at(const Byte* slot, std::size_t slot_width, Byte type_byte) const noexcept {
    Value value(space_, begin_, bytes_);
    const std::size_t width = std::size_t{1} << (type_byte & 3);
    switch (type_byte >> 2) {
        case flex::type_int:
        case flex::type_uint:
        case flex::type_float: value.read_number(slot, slot_width, type_byte >> 2); break;
        case flex::type_indirect_int:
        case flex::type_indirect_uint:
        case flex::type_indirect_float: {
            const auto place = static_cast<std::uint64_t>(slot - begin_);
            const std::uint64_t back = flex::load(slot, slot_width);
            if (back > place || back < width) break;
            value.read_number(slot - back, width, flex::direct(type_byte >> 2));
            break;
        }
        case flex::type_bool:
            value.bits_ = flex::load(slot, slot_width) != 0 ? 1 : 0;
            value.type_ = ValueType::boolean;
            break;
        case flex::type_string: value.read_string(slot, slot_width, width); break;
        case flex::type_vector:
            value.read_container(slot, slot_width, width, ValueType::array);
            break;
        case flex::type_map:
            value.read_container(slot, slot_width, width, ValueType::object);
            break;
        case flex::type_blob: return at_reference(slot, slot_width);
        default: break;
    }
    return value;
}

/// Same as `at`, for the types of most members.
[[gnu::always_inline]] inline Value Value::at_common(const Byte* slot, std::size_t slot_width,
                                                     Byte type_byte) const noexcept {
    Value value(space_, begin_, bytes_);
    const std::size_t width = std::size_t{1} << (type_byte & 3);
    const auto type = static_cast<std::uint8_t>(type_byte >> 2);
    if (type == flex::type_int) {
        value.read_number(slot, slot_width, flex::type_int);
    } else if (type == flex::type_string) {
        value.read_string(slot, slot_width, width);
    } else if (type == flex::type_indirect_int) {
        const auto place = static_cast<std::uint64_t>(slot - begin_);
        const std::uint64_t back = flex::load(slot, slot_width);
        if (back <= place && back >= width) {
            value.read_number(slot - back, width, flex::type_int);
        }
    } else {
        return at(slot, slot_width, type_byte);
    }
    return value;
}

/// The bytes of the number lie within the document.
[[gnu::always_inline]] inline void Value::read_number(const Byte* at, std::size_t width,
                                                      std::uint8_t type) noexcept {
    switch (type) {
        case flex::type_int:
            bits_ = static_cast<std::uint64_t>(flex::load_signed(at, width));
            type_ = ValueType::integer;
            break;
        case flex::type_uint:
            bits_ = flex::load(at, width);
            type_ = bits_ <= INT64_MAX ? ValueType::integer : ValueType::unsigned_integer;
            break;
        default:
            if (width < 4) break;
            bits_ =
                width == 8
                    ? flex::load(at, 8)
                    : std::bit_cast<std::uint64_t>(static_cast<double>(flex::load_as<float>(at)));
            type_ = ValueType::real;
            break;
    }
}

[[gnu::always_inline]] inline void Value::read_string(const Byte* slot, std::size_t slot_width,
                                                      std::size_t width) noexcept {
    const auto place = static_cast<std::uint64_t>(slot - begin_);
    const std::uint64_t back = flex::load(slot, slot_width);
    if (back > place || place - back < width) return;
    const Byte* first = slot - back;
    const std::uint64_t size = flex::load(first - width, width);
    if (size > static_cast<std::uint64_t>(end() - first)) return;
    bits_ = place - back;
    size_ = static_cast<std::uint32_t>(size);
    type_ = ValueType::string;
}

[[gnu::always_inline]] inline void Value::read_container(const Byte* slot, std::size_t slot_width,
                                                         std::size_t width,
                                                         ValueType type) noexcept {
    const std::size_t header = type == ValueType::object ? 3 * width : width;
    const auto place = static_cast<std::uint64_t>(slot - begin_);
    const std::uint64_t back = flex::load(slot, slot_width);
    if (back > place || place - back < header) return;
    const Byte* first = slot - back;
    const std::uint64_t size = flex::load(first - width, width);
    const auto room = static_cast<std::uint64_t>(end() - first);
    // Neither side can overflow: room is below 2^32, and in the product size is at most room.
    if (size > room || size * (width + 1) > room) return;
    bits_ = place - back;
    size_ = static_cast<std::uint32_t>(size);
    width_ = static_cast<std::uint8_t>(width);
    type_ = type;
}

inline Value Value::element_of_page(std::size_t index, std::size_t count) const noexcept {
    const Byte* first = data();
    const std::size_t width = width_;
    return at(first + index * width, width, first[count * width + index]);
}

inline Value Value::element(std::size_t index) const noexcept {
    if (index >= size_) return {};
    if (level_ != 0) [[unlikely]] {
        std::size_t before = 0;
        return leaf_at(index, before).element(index - before);
    }
    return element_of_page(index, size_);
}

inline std::optional<bool> Value::as_bool() const noexcept {
    if (!is_boolean()) return std::nullopt;
    return bits_ != 0;
}

inline std::optional<std::int64_t> Value::as_int64() const noexcept {
    if (type_ != ValueType::integer) return std::nullopt;
    return static_cast<std::int64_t>(bits_);
}

inline std::optional<std::uint64_t> Value::as_uint64() const noexcept {
    const bool fits = type_ == ValueType::unsigned_integer ||
                      (type_ == ValueType::integer && static_cast<std::int64_t>(bits_) >= 0);
    if (!fits) return std::nullopt;
    return bits_;
}

inline std::optional<double> Value::as_double() const noexcept {
    switch (type_) {
        case ValueType::real: return std::bit_cast<double>(bits_);
        case ValueType::integer: return static_cast<double>(static_cast<std::int64_t>(bits_));
        case ValueType::unsigned_integer: return static_cast<double>(bits_);
        default: return std::nullopt;
    }
}

inline std::optional<std::string_view> Value::as_string() const noexcept {
    if (!is_string()) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(data()), size_);
}

template <class T>
std::optional<T> Value::get() const noexcept {
    if constexpr (std::same_as<T, bool>) {
        return as_bool();
    } else if constexpr (std::same_as<T, std::int64_t>) {
        return as_int64();
    } else if constexpr (std::same_as<T, std::uint64_t>) {
        return as_uint64();
    } else if constexpr (std::same_as<T, double>) {
        return as_double();
    } else {
        static_assert(std::same_as<T, std::string_view>, "not a type of JSON");
        return as_string();
    }
}

inline Value::Probe::Probe(std::string_view key) noexcept
    : data(key.data()),
      size(key.size()),
      prefix(flex::key_prefix(key.data(), key.size())),
      mask(size < 8 ? ~std::uint64_t{0} << (7 - size) * 8 : ~std::uint64_t{0}) {}

inline bool Value::Probe::holds_nul() const noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    const std::uint64_t filled = size < 8 ? prefix | ~std::uint64_t{0} >> size * 8 : prefix;
    if (((filled - ones) & ~filled & (ones << 7)) != 0) return true;
    return size > 8 && std::memchr(data + 8, 0, size - 8) != nullptr;
}

/// For the container of the page, which has `count` fields.
[[gnu::always_inline]] inline Value::Keys Value::keys(std::size_t count) const noexcept {
    const std::size_t width = width_;
    const Byte* header = data() - 3 * width;
    const auto place = static_cast<std::uint64_t>(header - begin_);
    const std::uint64_t back = flex::load(header, width);
    const std::uint64_t keys_width = flex::load(header + width, width);
    if (!flex::is_width(keys_width) || back > place) return {};
    const Byte* first = header - back;
    if (count * keys_width > static_cast<std::uint64_t>(end() - first)) return {};
    return {first, static_cast<std::size_t>(keys_width)};
}

/// Returns null if the offset is out of bounds.
[[gnu::always_inline]] inline const Byte* Value::key_at(const Keys& keys,
                                                        std::size_t index) const noexcept {
    const Byte* slot = keys.first + index * keys.width;
    const std::uint64_t back = flex::load(slot, keys.width);
    return back > static_cast<std::uint64_t>(slot - begin_) ? nullptr : slot - back;
}

/// Returns a negative value if the stored key comes first, as strcmp does.
[[gnu::always_inline]] inline int Value::compare(const Byte* key,
                                                 const Probe& probe) const noexcept {
    if (end() - key < 8) return compare_slowly(key, probe);
    const std::uint64_t word = __builtin_bswap64(flex::load_as<std::uint64_t>(key)) & probe.mask;
    if (word != probe.prefix) return word < probe.prefix ? -1 : 1;
    return probe.size < 8 ? 0 : compare_slowly(key, probe);
}

inline std::size_t Value::place_of(const Keys& keys, const Probe& probe) const noexcept {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const Byte* key = key_at(keys, middle);
        if (key == nullptr) break;
        const int order = compare(key, probe);
        if (order == 0) return middle;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return size_;
}

inline Value Value::lookup(const Probe& probe) const noexcept {
    const Keys keys = this->keys(size_);
    return keys.width == 0 ? Value() : element(place_of(keys, probe));
}

[[gnu::always_inline]] inline Value Value::operator[](const Key& key) const noexcept {
    const std::size_t place = key.place_;
    if (is_object() && level_ == 0 && !key.holds_nul_ && place < size_) [[likely]] {
        const Keys keys = this->keys(size_);
        const Byte* there = keys.width == 0 ? nullptr : key_at(keys, place);
        if (there != nullptr && compare(there, key.probe_) == 0) [[likely]] {
            const Byte* first = data();
            return at_common(first + place * width_, width_, first[size_ * width_ + place]);
        }
    }
    return lookup_elsewhere(key);
}

inline Value Value::operator[](std::string_view key) const noexcept {
    if (!is_object()) return {};
    if (level_ != 0) [[unlikely]]
        return lookup_in_parts(key);
    const Probe probe(key);
    return probe.holds_nul() ? lookup_with_nul(key) : lookup(probe);
}

}  // namespace ringside
