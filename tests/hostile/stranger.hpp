#pragma once

#include <sys/types.h>

namespace ringside::testing {

/// A user to whom nothing of the grid belongs: Debian's nobody.
inline constexpr uid_t stranger = 65534;

}  // namespace ringside::testing
