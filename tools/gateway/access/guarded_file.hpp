#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

enum class FileKind {
    secret,  ///< others than owner and group may neither read nor write it
    trusted  ///< anybody may read it; others than owner and group may not write it
};

/// The bytes of a regular file that access depends on. What it is and who may open it is asked of
/// the open file, so that it cannot be replaced in between.
/// Errors: bad_configuration (not there, not a file, open to others, more than `bytes_max`).
[[nodiscard]] Result<std::string> read_guarded_file(const std::filesystem::path& path,
                                                    FileKind kind, std::size_t bytes_max);

}  // namespace ringside::gateway
