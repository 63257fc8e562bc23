#pragma once

#include "shm/name/pattern.hpp"

namespace ringside::gateway {

/// Returns false only if no name matches both patterns.
/// Cost: negligible if the literal prefixes differ, otherwise bounded by the product of the sizes.
[[nodiscard]] bool overlap(const Pattern& left, const Pattern& right);

}  // namespace ringside::gateway
