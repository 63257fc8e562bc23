#pragma once

#include <string>

#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Returns whether `path` names the open file.
[[nodiscard]] bool is_file_at(int file, const std::string& path) noexcept;

/// Removes whatever exists at `path` in place of a file of this broker: a file, a symbolic link, or
/// an empty directory. The file may belong to another user.
/// Error: foreign_grid if the host does not permit the removal.
Result<void> clear_path(const std::string& path);

/// Moves the file at `path` to the first free name of `path.suffix`, `path.suffix.2`, …; never
/// overwrites a file. Returns the new path. Errors: foreign_grid if the host does not permit it,
/// system_error.
Result<std::string> set_aside(const std::string& path, const std::string& suffix);

/// Moves a file back to its path before `set_aside`, if that name is free.
Result<void> move_back(const std::string& aside, const std::string& path);

}  // namespace ringside::broker
