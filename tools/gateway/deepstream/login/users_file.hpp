#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "shm/base/errc.hpp"
#include "tools/gateway/deepstream/login/password_hash.hpp"

namespace ringside::gateway::deepstream {

/// A user in a users file.
struct FileUser {
    std::string password;                    ///< in its stored form, hashed or not
    std::optional<std::string> client_data;  ///< JSON text
    std::optional<std::string> server_data;  ///< JSON text
};

using FileUsers = std::map<std::string, FileUser, std::less<>>;

/// Reads a users file of deepstream: users.yml (or .yaml) or users.json. A file of plain-text
/// passwords (`hash` is null) must not be readable by others.
/// Errors: bad_configuration; the detail names file, line and user, as far as they apply.
[[nodiscard]] Result<FileUsers> read_users_file(const std::filesystem::path& path,
                                                const PasswordHash* hash);

}  // namespace ringside::gateway::deepstream
