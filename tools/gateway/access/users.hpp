#pragma once

#include <string_view>
#include <vector>

#include "shm/name/pattern.hpp"
#include "tools/support/toml_file.hpp"

/// Users that a file means: globs, and none stand for every user.
namespace ringside::gateway {

/// Takes a list of globs over users out of a file, which outlives the reading.
[[nodiscard]] tools::TomlFile::Take to_users(const tools::TomlFile& file,
                                             std::vector<Pattern>& users);

[[nodiscard]] bool is_one_of(const std::vector<Pattern>& users, std::string_view user) noexcept;

}  // namespace ringside::gateway
