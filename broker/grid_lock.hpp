#pragma once

#include <string>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// The lock that makes one process the owner of a grid: `flock` on a file, so that a dead owner
/// never blocks. The file contains the owner's pid for operators.
class GridLock {
public:
    /// Takes the lock without waiting.
    /// Errors: grid_in_use (the detail names the owner), foreign_grid, system_error,
    /// permission_denied.
    static Result<GridLock> take(const std::string& path);

    /// Waits for the lock.
    /// Errors: grid_in_use (by another user), foreign_grid, permission_denied, system_error.
    static Result<GridLock> wait(const std::string& path);

    /// Removes the file while the lock is held, if the path still names the locked file.
    void remove() const noexcept;

private:
    enum class Patience { none, endless };
    static Result<GridLock> take(const std::string& path, Patience patience);
    GridLock(Descriptor file, std::string path) noexcept
        : file_(std::move(file)), path_(std::move(path)) {}
    Descriptor file_;
    std::string path_;
};

}  // namespace ringside::broker
