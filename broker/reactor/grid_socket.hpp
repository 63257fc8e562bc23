#pragma once

#include <sys/types.h>

#include <string>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// The file-system name of the grid's socket. The caller owns the listening descriptor.
class GridSocket {
public:
    GridSocket() = default;

    /// Binds the path, replacing any existing file, and listens. Every user can connect; roles
    /// decide who is admitted. Errors: foreign_grid (the path cannot be freed), system_error.
    /// REQUIRES: the grid's lock is held.
    Result<Descriptor> listen(const std::string& path);

    enum class Place { own, missing, foreign };
    /// Checks which file the path names now.
    [[nodiscard]] Place place() const noexcept;

    /// Removes the name if it still refers to this socket.
    void remove() noexcept;

private:
    std::string path_;  ///< empty: not bound
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace ringside::broker
