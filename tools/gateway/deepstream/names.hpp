#pragma once

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Converts a name of deepstream to one of the grid. deepstream accepts any text. A name of the
/// grid is UTF-8 and has no empty levels, no `*`, no control characters and no leading `$`. Each
/// byte that a grid name cannot hold, such as those of half a surrogate pair, becomes `%` and two
/// upper-case hexadecimal digits. So does a `%` that precedes two such digits. All other names,
/// which are nearly all, are the same on both sides.
///
/// `from_grid_name(to_grid_name(name)) == name` for every name, so two names never collide.
/// deepstream's clients can express all names of a grid, except those with a `%` and two digits
/// that this function would not have written.
[[nodiscard]] std::string to_grid_name(std::string_view name);
[[nodiscard]] std::string from_grid_name(std::string_view name);

/// Checks that a client recognises its own name in a response. Clients in Node write half a
/// surrogate pair but read three U+FFFD. Error: bad_name.
[[nodiscard]] Result<void> check_answerable(std::string_view name);

/// Converts a text to a single level, such as a user: also encodes `/`.
[[nodiscard]] std::string to_grid_level(std::string_view text);

}  // namespace ringside::gateway::deepstream
