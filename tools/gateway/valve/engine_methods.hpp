#pragma once

#include <duktape.h>

#include <string>

#include "tools/gateway/valve/match_pattern.hpp"

namespace ringside::gateway::valve {

/// Replaces methods of texts and lists that the engine lacks, or that take more than linear time in
/// it: `includes`, `indexOf`, `match`.
void put_methods(duk_context* heap);

/// Pushes the result of `match` on the text on top: a list, or null. The caller owns the last three
/// arguments, because an exception of the engine skips the destructors of this function.
[[nodiscard]] duk_ret_t push_matches(duk_context* heap, const MatchPattern& pattern,
                                     std::string& text, std::string& why,
                                     MatchPattern::Matches& matches);

}  // namespace ringside::gateway::valve
