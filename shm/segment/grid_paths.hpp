#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::shm {

/// Files of a grid: the segment in /dev/shm, and the lock and the socket in the runtime directory
/// of the broker's user. The runtime directory is the first of:
///
///   /run/ringside      if that user owns it and nobody else can write to it
///   $XDG_RUNTIME_DIR   under the same condition; only that user and root can reach such a socket
///   /dev/shm           everywhere else
///
/// A process whose environment differs from the broker's still finds lock and socket. A directory
/// that holds files of the grid takes precedence, and /run/user/UID is searched as well.
struct GridPaths {
    std::string segment_name;  ///< for shm_open: "ringside.<grid>"
    std::string segment_path;
    std::string lock_path;
    std::string socket_path;

    /// Returns the paths of a grid whose broker runs as `owner`. Error: bad_grid_name.
    static Result<GridPaths> of(std::string_view grid, uid_t owner);

    /// Same, for the owner of the segment, or for the effective user if there is no segment.
    static Result<GridPaths> of(std::string_view grid);
};

/// Returns why a file is not exclusively writable by its owner: not a regular file, another owner,
/// further names, or writable by others. Empty if there is no fault.
[[nodiscard]] std::string ownership_fault(const struct stat& file, uid_t owner);

/// Checks whether a client accepts the owner of a grid.
///
/// `expected`: the only accepted user. Without it, the user in $RINGSIDE_OWNER (a name or a
/// number). Without that, the effective user, root, and the owner of /run/ringside, which only root
/// can create.
/// Errors: foreign_grid; bad_configuration if $RINGSIDE_OWNER names no user.
Result<void> check_grid_owner(std::string_view grid, uid_t owner, std::optional<uid_t> expected);

}  // namespace ringside::shm
