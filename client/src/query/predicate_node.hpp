#pragma once

#include "ringside/predicate.hpp"

namespace ringside {

/// A condition, or a combination of conditions.
struct Predicate::Node {
    enum class Kind : std::uint8_t {
        all,
        any,
        negation,
        comparison,
        any_of,
        starts_with,
        is_null,
        exists,
    };
    Kind kind = Kind::all;
    Comparison comparison = Comparison::equal;
    std::optional<Field> field{};
    std::vector<OwnedScalar> constants{};  ///< one; for `any_of` any number, sorted; a prefix
    std::vector<std::shared_ptr<const Node>> parts{};
    std::size_t conditions = 1;  ///< including those of its parts
    std::size_t depth = 1;
    std::optional<Error> error{};
};

/// Returns whether a field with this value passes, see the rules of Predicate.
[[nodiscard]] inline bool holds(const Scalar& value, Comparison comparison,
                                const Scalar& constant) noexcept {
    if (!value.is_comparable_with(constant)) return false;
    const auto order = value.compare(constant);
    switch (comparison) {
        case Comparison::equal: return std::is_eq(order);
        case Comparison::not_equal: return std::is_neq(order);
        case Comparison::less: return std::is_lt(order);
        case Comparison::less_or_equal: return std::is_lteq(order);
        case Comparison::greater: return std::is_gt(order);
        case Comparison::greater_or_equal: return std::is_gteq(order);
    }
    return false;
}

}  // namespace ringside
