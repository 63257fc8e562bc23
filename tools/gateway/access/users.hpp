#pragma once

#include <string_view>
#include <vector>

#include "shm/name/pattern.hpp"
#include "tools/support/toml_file.hpp"

/// Patterns of users in configuration files. No pattern means every user.
namespace ringside::gateway {

/// Reads a list of user patterns from a file. The file must outlive the returned function.
[[nodiscard]] tools::TomlFile::Take to_users(const tools::TomlFile& file,
                                             std::vector<Pattern>& users);

[[nodiscard]] bool is_one_of(const std::vector<Pattern>& users, std::string_view user) noexcept;

}  // namespace ringside::gateway
