#pragma once

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// deepstream takes any text for a name; a name of the grid has no empty levels, no `*`, no control
/// characters and no `$` at its beginning, and is UTF-8. Each byte that a grid's name cannot hold,
/// those of half a surrogate pair among them, is written as `%` and two hexadecimal digits (upper
/// case), and so is a `%` before two such digits. All other names, which are nearly all, are the
/// same on both sides.
///
/// `from_grid_name(to_grid_name(name)) == name` for every name; so two names never meet. The only
/// names of a grid that deepstream's clients cannot say are those with a `%` and two digits that
/// this would not have written.
[[nodiscard]] std::string to_grid_name(std::string_view name);
[[nodiscard]] std::string from_grid_name(std::string_view name);

/// Whether a client recognises its own name in what it is told. Clients in Node write half a
/// surrogate pair, and read three U+FFFD. Error: bad_name.
[[nodiscard]] Result<void> check_answerable(std::string_view name);

/// `to_grid_name` for a text that is to be one level, such as a user: `/` is written so, too.
[[nodiscard]] std::string to_grid_level(std::string_view text);

}  // namespace ringside::gateway::deepstream
