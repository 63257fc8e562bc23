#pragma once

#include <optional>

#include "tools/gateway/valve/expression.hpp"
#include "tools/gateway/valve/facts.hpp"

namespace ringside::gateway::valve {

/// Whether an expression is so simple that it can be evaluated without the engine: constants,
/// variables, members, comparisons, `!`, `&&`, `||` and `? :`.
[[nodiscard]] bool is_simple(const Node& node) noexcept;

/// Whether the expression is true of the facts (ECMA-262, 13 and 7.2). None: what JavaScript makes
/// of these values is not evident, or an exception; the engine has to be asked.
/// REQUIRES: is_simple(node)
[[nodiscard]] std::optional<bool> evaluate_simple(const Expression& expression, const Scope& scope,
                                                  Facts& facts);

}  // namespace ringside::gateway::valve
