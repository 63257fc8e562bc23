#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/document/value.hpp"

namespace ringside {

namespace detail {

/// Same as ==, but without a function call for strings of up to 16 bytes, the usual case.
[[nodiscard]] [[gnu::always_inline]] inline bool is_equal_text(std::string_view a,
                                                               std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    const std::size_t size = a.size();
    if (size <= 8) return flex::key_prefix(a.data(), size) == flex::key_prefix(b.data(), size);
    if (size > 16) return std::memcmp(a.data(), b.data(), size) == 0;
    const auto word = [](std::string_view text, std::size_t at) {
        return flex::load_as<std::uint64_t>(reinterpret_cast<const Byte*>(text.data() + at));
    };
    return word(a, 0) == word(b, 0) && word(a, size - 8) == word(b, size - 8);
}

}  // namespace detail

/// Type of a Scalar.
enum class ScalarType : std::uint8_t {
    null,
    boolean,
    integer,           ///< fits std::int64_t
    unsigned_integer,  ///< beyond INT64_MAX, fits std::uint64_t
    real,              ///< never NaN
    string,
    container,  ///< an array or an object
};

/// Value of a record's field that can be compared.
///
/// A view: a string or container is valid as long as the memory it was read from. Trivially
/// copyable.
///
/// Total order: null < false < true < numbers < strings < containers. Numbers compare by exact
/// value, whatever their types: 1 == 1.0, 2^53 + 1 > 2.0^53. Strings compare by their bytes. All
/// containers are equal.
///
/// Thread safety: immutable.
class Scalar {
public:
    /// Null.
    Scalar() noexcept : plain_{0, 0} {}

    /// Converts a value. A non-existent value becomes null. So does NaN, which only a reader with a
    /// revoked pin can meet.
    static Scalar of(const Value& value) noexcept;

    static Scalar boolean(bool value) noexcept {
        return {ScalarType::boolean, std::uint64_t{value}};
    }
    static Scalar integer(std::int64_t value) noexcept {
        return {ScalarType::integer, static_cast<std::uint64_t>(value)};
    }
    /// Becomes an `integer` if it fits.
    static Scalar unsigned_integer(std::uint64_t value) noexcept {
        return {value <= INT64_MAX ? ScalarType::integer : ScalarType::unsigned_integer, value};
    }
    /// NaN becomes null.
    static Scalar real(double value) noexcept {
        if (value != value) return {};
        return {ScalarType::real, std::bit_cast<std::uint64_t>(value)};
    }
    static Scalar string(std::string_view text) noexcept {
        return {ScalarType::string, reinterpret_cast<std::uintptr_t>(text.data()),
                static_cast<std::uint32_t>(text.size())};
    }

    [[nodiscard]] ScalarType type() const noexcept { return type_; }
    [[nodiscard]] bool is_null() const noexcept { return type_ == ScalarType::null; }
    [[nodiscard]] bool is_integer() const noexcept {
        return type_ == ScalarType::integer || type_ == ScalarType::unsigned_integer;
    }
    [[nodiscard]] bool is_number() const noexcept {
        return is_integer() || type_ == ScalarType::real;
    }
    [[nodiscard]] bool is_string() const noexcept { return type_ == ScalarType::string; }
    [[nodiscard]] bool is_container() const noexcept { return type_ == ScalarType::container; }

    // Same as those of Value.
    [[nodiscard]] std::optional<bool> as_bool() const noexcept;
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> as_uint64() const noexcept;
    [[nodiscard]] std::optional<double> as_double() const noexcept;
    [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;
    /// Returns the array or object, or a non-existent value if this is neither.
    [[nodiscard]] Value as_container() const noexcept { return is_container() ? value_ : Value(); }

    [[nodiscard]] std::weak_ordering compare(const Scalar& other) const noexcept;
    friend bool operator==(const Scalar& a, const Scalar& b) noexcept;
    friend std::weak_ordering operator<=>(const Scalar& a, const Scalar& b) noexcept {
        return a.compare(b);
    }
    /// Returns whether a comparison is meaningful to users: both are booleans, numbers or strings.
    [[nodiscard]] bool is_comparable_with(const Scalar& other) const noexcept;

    /// Returns true if both are numbers of one type with the same bits; equal ones may differ, as 1
    /// and 1.0, or 0.0 and -0.0. REQUIRES: two numbers.
    [[nodiscard]] bool is_identical(const Scalar& other) const noexcept {
        return type_ == other.type_ && plain_.bits == other.plain_.bits;
    }

    /// Equal scalars have equal hashes. A hash is keyed by a secret of the process: values that
    /// come from outside cannot be chosen to collide, and hashes of two processes differ.
    [[nodiscard]] std::size_t hash() const noexcept;

private:
    friend class OwnedScalar;

    Scalar(ScalarType type, std::uint64_t bits, std::uint32_t size = 0) noexcept
        : plain_{bits, size}, type_(type) {}
    explicit Scalar(const Value& container) noexcept
        : value_(container), type_(ScalarType::container) {}

    struct Plain {
        std::uint64_t bits;  ///< boolean, number or address of the string
        std::uint32_t size;  ///< size of the string in bytes
    };
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(static_cast<std::uintptr_t>(plain_.bits)),
                plain_.size};
    }

    union {
        Plain plain_;
        Value value_;  ///< used for containers
    };
    ScalarType type_ = ScalarType::null;
};
static_assert(std::is_trivially_copyable_v<Scalar>);

/// Scalar that owns its string, or a copy of its container: group keys and query results.
/// Thread safety: as std::string.
class OwnedScalar {
public:
    /// Null.
    OwnedScalar() = default;
    /// Cost: encodes a container again.
    OwnedScalar(const Scalar& scalar);

    /// Valid until this object is changed, moved or destroyed.
    [[nodiscard]] Scalar view() const noexcept;

    [[nodiscard]] ScalarType type() const noexcept { return type_; }
    [[nodiscard]] bool is_null() const noexcept { return type_ == ScalarType::null; }
    [[nodiscard]] std::optional<bool> as_bool() const noexcept { return view().as_bool(); }
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept {
        return view().as_int64();
    }
    [[nodiscard]] std::optional<std::uint64_t> as_uint64() const noexcept {
        return view().as_uint64();
    }
    [[nodiscard]] std::optional<double> as_double() const noexcept { return view().as_double(); }
    [[nodiscard]] std::optional<std::string_view> as_string() const noexcept {
        return view().as_string();
    }
    [[nodiscard]] Value as_container() const noexcept { return view().as_container(); }

    /// Returns whether type and all bytes are the same. Scalars that compare as equal may differ.
    [[nodiscard]] bool is_identical(const OwnedScalar& other) const noexcept {
        return type_ == other.type_ && bits_ == other.bits_ && bytes_ == other.bytes_;
    }

    /// Approximate number of bytes on the heap. Identical scalars have the same result whatever
    /// they held before, so accounts stay balanced.
    [[nodiscard]] std::size_t heap_bytes() const noexcept {
        return bytes_.size() < sizeof(std::string) / 2 ? 0 : bytes_.size() + 1;
    }

    friend bool operator==(const OwnedScalar& a, const OwnedScalar& b) noexcept {
        return a.view() == b.view();
    }
    friend std::weak_ordering operator<=>(const OwnedScalar& a, const OwnedScalar& b) noexcept {
        return a.view() <=> b.view();
    }

private:
    std::string bytes_;       ///< string, or container encoded as a document
    std::uint64_t bits_ = 0;  ///< boolean or number
    ScalarType type_ = ScalarType::null;
};

/// Formats the value as JSON on one line. Infinite numbers, which JSON lacks, become "Inf" and
/// "-Inf".
void append_json(const Scalar& scalar, std::string& out);
std::string to_json(const Scalar& scalar);
inline std::string to_json(const OwnedScalar& scalar) { return to_json(scalar.view()); }

[[gnu::always_inline]] inline Scalar Scalar::of(const Value& value) noexcept {
    switch (value.type()) {
        case ValueType::null: return {};
        case ValueType::boolean: return boolean(*value.as_bool());
        case ValueType::integer: return integer(*value.as_int64());
        case ValueType::unsigned_integer: return unsigned_integer(*value.as_uint64());
        case ValueType::real: return real(*value.as_double());
        case ValueType::string: return string(*value.as_string());
        case ValueType::array:
        case ValueType::object: break;
    }
    return Scalar(value);
}

inline std::optional<bool> Scalar::as_bool() const noexcept {
    if (type_ != ScalarType::boolean) return std::nullopt;
    return plain_.bits != 0;
}

inline std::optional<std::int64_t> Scalar::as_int64() const noexcept {
    if (type_ != ScalarType::integer) return std::nullopt;
    return static_cast<std::int64_t>(plain_.bits);
}

inline std::optional<std::uint64_t> Scalar::as_uint64() const noexcept {
    const bool fits = type_ == ScalarType::unsigned_integer ||
                      (type_ == ScalarType::integer && static_cast<std::int64_t>(plain_.bits) >= 0);
    if (!fits) return std::nullopt;
    return plain_.bits;
}

inline std::optional<double> Scalar::as_double() const noexcept {
    switch (type_) {
        case ScalarType::integer:
            return static_cast<double>(static_cast<std::int64_t>(plain_.bits));
        case ScalarType::unsigned_integer: return static_cast<double>(plain_.bits);
        case ScalarType::real: return std::bit_cast<double>(plain_.bits);
        default: return std::nullopt;
    }
}

inline std::optional<std::string_view> Scalar::as_string() const noexcept {
    if (type_ != ScalarType::string) return std::nullopt;
    return text();
}

[[gnu::always_inline]] inline bool operator==(const Scalar& a, const Scalar& b) noexcept {
    if (a.type_ == b.type_ && a.type_ == ScalarType::string)
        return detail::is_equal_text(a.text(), b.text());
    if (a.type_ == b.type_ && a.type_ == ScalarType::integer) return a.plain_.bits == b.plain_.bits;
    return std::is_eq(a.compare(b));
}

inline Scalar OwnedScalar::view() const noexcept {
    switch (type_) {
        case ScalarType::string: return Scalar::string(bytes_);
        case ScalarType::container:
            return Scalar(Value::of({reinterpret_cast<const Byte*>(bytes_.data()), bytes_.size()}));
        default: return {type_, bits_};
    }
}

}  // namespace ringside

template <>
struct std::hash<ringside::Scalar> {
    std::size_t operator()(const ringside::Scalar& scalar) const noexcept { return scalar.hash(); }
};
template <>
struct std::hash<ringside::OwnedScalar> {
    std::size_t operator()(const ringside::OwnedScalar& scalar) const noexcept {
        return scalar.view().hash();
    }
};
