#pragma once

#include <optional>

#include "tools/gateway/valve/expression.hpp"
#include "tools/gateway/valve/facts.hpp"

namespace ringside::gateway::valve {

/// Returns whether an expression is simple enough to be evaluated without the engine: constants,
/// variables, members, comparisons, `!`, `&&`, `||` and `? :`.
[[nodiscard]] bool is_simple(const Node& node) noexcept;

/// Returns whether the expression is true for the facts (ECMA-262, 13 and 7.2). Returns none if the
/// result in JavaScript is not evident or is an exception; ask the engine then.
/// REQUIRES: is_simple(node)
[[nodiscard]] std::optional<bool> evaluate_simple(const Expression& expression, const Scope& scope,
                                                  Facts& facts);

}  // namespace ringside::gateway::valve
