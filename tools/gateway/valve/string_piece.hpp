#pragma once

#include <re2/stringpiece.h>

#include <string_view>

namespace ringside::gateway::valve {

/// The text type of Debian 12's RE2.
inline re2::StringPiece piece(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace ringside::gateway::valve
