#pragma once

#include <sys/types.h>

#include <string>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// The name of the grid's socket in the file system. The listening descriptor is handed out.
class GridSocket {
public:
    GridSocket() = default;

    /// Binds the path, replacing what stands there, and listens. Everybody may connect; the roles
    /// decide who is admitted. Errors: foreign_grid (the path cannot be freed), system_error.
    /// REQUIRES: the grid's lock is held.
    Result<Descriptor> listen(const std::string& path);

    enum class Place { own, missing, foreign };
    /// What the path names now.
    [[nodiscard]] Place place() const noexcept;

    /// Removes the name if it is still this socket's.
    void remove() noexcept;

private:
    std::string path_;  ///< empty: not bound
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace ringside::broker
