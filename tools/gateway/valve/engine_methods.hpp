#pragma once

#include <duktape.h>

#include <string>

#include "tools/gateway/valve/match_pattern.hpp"

namespace ringside::gateway::valve {

/// Puts methods of texts and lists in the place of the engine's own, which lack some, or take more
/// than linear time: `includes`, `indexOf`, `match`.
void put_methods(duk_context* heap);

/// Pushes what `match` gives of the text on top: a list, or null. The last three are the caller's
/// because an exception of the engine leaves this function without destructors.
[[nodiscard]] duk_ret_t push_matches(duk_context* heap, const MatchPattern& pattern,
                                     std::string& text, std::string& why,
                                     MatchPattern::Matches& matches);

}  // namespace ringside::gateway::valve
