#pragma once

#include <string>
#include <string_view>

namespace ringside::gateway::valve {

// The engine keeps text as CESU-8 (Unicode Technical Report 26): UTF-8 but for characters beyond
// U+FFFF, each half of which takes three bytes. So one character of it is one of JavaScript's.

/// REQUIRES: `utf8` is UTF-8.
[[nodiscard]] std::string to_cesu8(std::string_view utf8);
/// Half of a character becomes U+FFFD.
[[nodiscard]] std::string from_cesu8(std::string_view cesu8);

}  // namespace ringside::gateway::valve
