#pragma once

#include <string>
#include <string_view>

namespace ringside::gateway::valve {

// The engine stores text as CESU-8 (Unicode Technical Report 26). It equals UTF-8 except for
// characters beyond U+FFFF, which become two halves of three bytes each. So one CESU-8 character is
// one character of JavaScript.

/// REQUIRES: `utf8` is UTF-8.
[[nodiscard]] std::string to_cesu8(std::string_view utf8);
/// Half of a character becomes U+FFFD.
[[nodiscard]] std::string from_cesu8(std::string_view cesu8);

}  // namespace ringside::gateway::valve
