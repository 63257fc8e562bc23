#pragma once

#include <string>

#include "tools/gateway/valve/expression.hpp"

namespace ringside::gateway::valve {

/// The function that the engine is given for an expression. It is written from what was read, so
/// that nothing reaches the engine but what a Node can be. Its parameters, in this order: `_`,
/// `match`, `user`, `data`, `oldData`, `now`, `action`, `name`, and the path's variables.
[[nodiscard]] std::string js_source(const Expression& expression, const Scope& scope);

}  // namespace ringside::gateway::valve
