#pragma once

#include "shm/name/pattern.hpp"

namespace ringside::gateway {

/// Whether there is a name that both patterns match. Where it says no, that is certain.
/// Cost: none worth mention where the literal beginnings differ, else bounded by the product of the
/// sizes.
[[nodiscard]] bool overlap(const Pattern& left, const Pattern& right);

}  // namespace ringside::gateway
