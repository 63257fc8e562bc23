#pragma once

#include <string>

#include "tools/gateway/valve/expression.hpp"

namespace ringside::gateway::valve {

/// Returns the function that the engine gets for an expression. It is generated from the parsed
/// nodes, so that nothing else reaches the engine. Its parameters, in this order: `_`, `match`,
/// `user`, `data`, `oldData`, `now`, `action`, `name`, and the path's variables.
[[nodiscard]] std::string js_source(const Expression& expression, const Scope& scope);

}  // namespace ringside::gateway::valve
