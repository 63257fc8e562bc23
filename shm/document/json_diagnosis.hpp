#pragma once

#include <cstddef>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside {

/// Returns the error in a text that the JSON parser refused, with its position: "line 3, column 7:
/// …".
/// `depth_max`: limit of nested containers.
/// Cost: reads the text once from the start, much slower than the parser, which gives no details.
Error diagnose_json(std::string_view text, std::size_t depth_max);

}  // namespace ringside
