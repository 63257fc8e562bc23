#pragma once

#include <string>

#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Whether the open file is the one that `path` names.
[[nodiscard]] bool is_file_at(int file, const std::string& path) noexcept;

/// Removes whatever stands at `path` in place of a file of this broker: a file, also one of
/// another user, a symbolic link, an empty directory.
/// Error: foreign_grid if the host does not let this user remove it.
Result<void> clear_path(const std::string& path);

/// Moves the file at `path` to the first free name of `path.suffix`, `path.suffix.2`, …; nothing is
/// overwritten. Returns the new path. Error: foreign_grid if the host does not let this user do so,
/// system_error.
Result<std::string> set_aside(const std::string& path, const std::string& suffix);

/// Moves a file back to where `set_aside` took it from, if that name is free.
Result<void> move_back(const std::string& aside, const std::string& path);

}  // namespace ringside::broker
