#include "ringside/scalar.hpp"

#include <cmath>
#include <limits>

#include "ringside/record.hpp"
#include "shm/base/keyed_hash.hpp"

namespace ringside {

namespace {

/// Rank of a type in the order; numbers share one rank.
int rank_of(ScalarType type) noexcept {
    switch (type) {
        case ScalarType::null: return 0;
        case ScalarType::boolean: return 1;
        case ScalarType::integer:
        case ScalarType::unsigned_integer:
        case ScalarType::real: return 2;
        case ScalarType::string: return 3;
        case ScalarType::container: return 4;
    }
    return 4;
}

template <class T>
std::weak_ordering order(T a, T b) noexcept {
    if (a < b) return std::weak_ordering::less;
    return b < a ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

constexpr double two_to_63 = 9'223'372'036'854'775'808.0;
constexpr double two_to_64 = 18'446'744'073'709'551'616.0;

/// Exact: an integer is never rounded to a double. `Integer` is std::int64_t or std::uint64_t, and
/// `end` the first double beyond its range.
template <class Integer>
std::weak_ordering order_with_real(Integer integer, double real, double end) noexcept {
    if (real >= end) return std::weak_ordering::less;
    if (real < static_cast<double>(std::numeric_limits<Integer>::min()))
        return std::weak_ordering::greater;
    const double whole = std::floor(real);
    const auto below = static_cast<Integer>(whole);
    if (integer != below) return order(integer, below);
    return real > whole ? std::weak_ordering::less : std::weak_ordering::equivalent;
}

std::weak_ordering reverse(std::weak_ordering order) noexcept {
    if (std::is_eq(order)) return order;
    return std::is_lt(order) ? std::weak_ordering::greater : std::weak_ordering::less;
}

/// `a` is an integer of either type.
std::weak_ordering order_with_real(const Scalar& a, double real) noexcept {
    if (const auto fits = a.as_int64()) return order_with_real(*fits, real, two_to_63);
    return order_with_real(*a.as_uint64(), real, two_to_64);
}

std::weak_ordering order_of_numbers(const Scalar& a, const Scalar& b) noexcept {
    const bool is_a_real = a.type() == ScalarType::real;
    const bool is_b_real = b.type() == ScalarType::real;
    if (is_a_real && is_b_real) return order(*a.as_double(), *b.as_double());
    if (is_b_real) return order_with_real(a, *b.as_double());
    if (is_a_real) return reverse(order_with_real(b, *a.as_double()));
    if (a.type() == b.type()) {
        return a.type() == ScalarType::integer ? order(*a.as_int64(), *b.as_int64())
                                               : order(*a.as_uint64(), *b.as_uint64());
    }
    // Every unsigned_integer is greater than every integer.
    return a.type() == ScalarType::integer ? std::weak_ordering::less : std::weak_ordering::greater;
}

/// Returns the hash of the equal integer, if there is one.
std::size_t hash_of_real(double real) noexcept {
    if (std::floor(real) == real && real >= -two_to_63 && real < two_to_64) {
        const std::uint64_t bits = real < two_to_63
                                       ? static_cast<std::uint64_t>(static_cast<std::int64_t>(real))
                                       : static_cast<std::uint64_t>(real);
        return keyed_hash(bits);
    }
    return keyed_hash(std::bit_cast<std::uint64_t>(real));
}

}  // namespace

std::weak_ordering Scalar::compare(const Scalar& other) const noexcept {
    const int rank = rank_of(type_);
    if (const auto by_type = order(rank, rank_of(other.type_)); std::is_neq(by_type)) {
        return by_type;
    }
    switch (rank) {
        case 1: return order(plain_.bits, other.plain_.bits);
        case 2: return order_of_numbers(*this, other);
        case 3: return order(text().compare(other.text()), 0);
        default: return std::weak_ordering::equivalent;
    }
}

bool Scalar::is_comparable_with(const Scalar& other) const noexcept {
    const int rank = rank_of(type_);
    return rank == rank_of(other.type_) && rank >= 1 && rank <= 3;
}

std::size_t Scalar::hash() const noexcept {
    switch (type_) {
        case ScalarType::null: return 0x6e75;
        case ScalarType::boolean: return 0x626f + plain_.bits;
        case ScalarType::integer:
        case ScalarType::unsigned_integer: return keyed_hash(plain_.bits);
        case ScalarType::real: return hash_of_real(*as_double());
        case ScalarType::string: return keyed_hash(text());
        case ScalarType::container: return 0x636f;
    }
    return 0;
}

OwnedScalar::OwnedScalar(const Scalar& scalar) : type_(scalar.type()) {
    if (scalar.is_string()) {
        bytes_ = *scalar.as_string();
    } else if (scalar.is_container()) {
        DocumentBuilder builder;
        builder.value(scalar.as_container());
        // Fails only for memory under a revoked pin: null.
        const auto copy = builder.finish();
        if (!copy) type_ = ScalarType::null;
        else bytes_.assign(reinterpret_cast<const char*>(copy->data()), copy->size());
    } else {
        bits_ = scalar.plain_.bits;
    }
}

void append_json(const Scalar& scalar, std::string& out) {
    if (scalar.is_container()) return append_json(scalar.as_container(), out);
    DocumentBuilder builder;
    switch (scalar.type()) {
        case ScalarType::boolean: builder.boolean(*scalar.as_bool()); break;
        case ScalarType::integer: builder.integer(*scalar.as_int64()); break;
        case ScalarType::unsigned_integer: builder.unsigned_integer(*scalar.as_uint64()); break;
        case ScalarType::real:
            if (std::isfinite(*scalar.as_double())) builder.real(*scalar.as_double());
            else builder.string(*scalar.as_double() > 0 ? "Inf" : "-Inf");
            break;
        case ScalarType::string: builder.string(*scalar.as_string()); break;
        default: builder.null(); break;
    }
    const auto document = builder.finish();
    append_json(document ? Value::of(*document) : Value(), out);
}

std::string to_json(const Scalar& scalar) {
    std::string out;
    append_json(scalar, out);
    return out;
}

}  // namespace ringside
