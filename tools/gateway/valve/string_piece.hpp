#pragma once

#include <re2/stringpiece.h>

#include <string_view>

namespace ringside::gateway::valve {

/// What Debian 12's RE2 takes for text.
inline re2::StringPiece piece(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace ringside::gateway::valve
