#pragma once

#include <cstddef>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside {

/// What is wrong with a text that the JSON parser refused, and where: "line 3, column 7: …".
/// `depth_max`: how many containers may lie within another.
/// Reads the text once, from the start, and is much slower than the parser, which says little.
Error diagnose_json(std::string_view text, std::size_t depth_max);

}  // namespace ringside
