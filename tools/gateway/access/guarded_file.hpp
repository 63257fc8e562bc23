#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

enum class FileKind {
    secret,  ///< only owner and group may read or write it
    trusted  ///< anyone may read it; only owner and group may write it
};

/// Reads a regular file that access depends on. Type and permissions are checked on the open
/// descriptor, so the file cannot be replaced between check and read.
/// Errors: bad_configuration (missing, not a regular file, permissions too wide, more than
/// `bytes_max`).
[[nodiscard]] Result<std::string> read_guarded_file(const std::filesystem::path& path,
                                                    FileKind kind, std::size_t bytes_max);

}  // namespace ringside::gateway
