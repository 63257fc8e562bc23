#pragma once

#include <optional>
#include <span>

#include "live_shape.hpp"
#include "tokens.hpp"

namespace ringside::sql {

/// The first thing in a statement that no live query can have, whatever its clauses are.
[[nodiscard]] std::optional<LiveRefusal> refusal_of(std::span<const Token> tokens);

}  // namespace ringside::sql
