#pragma once

#include <optional>
#include <span>

#include "live_shape.hpp"
#include "tokens.hpp"

namespace ringside::sql {

/// Returns the first element of a statement that no live query can contain.
[[nodiscard]] std::optional<LiveRefusal> refusal_of(std::span<const Token> tokens);

}  // namespace ringside::sql
