#pragma once

#include <sys/types.h>

namespace ringside::testing {

/// A user who owns nothing in the grid: Debian's nobody.
inline constexpr uid_t stranger = 65534;

}  // namespace ringside::testing
