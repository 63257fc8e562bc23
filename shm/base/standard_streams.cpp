#include "shm/base/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringside {

void reserve_standard_streams() noexcept {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
        // The lowest free number is this one. Opened the wrong way round, so that using it fails.
        const int flags = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        [[maybe_unused]] const int opened = open("/dev/null", flags);
    }
}

Result<void> flush_standard_output() {
    const bool had_failed = std::ferror(stdout) != 0;
    const int earlier = errno;
    errno = 0;
    if (std::fflush(stdout) == 0 && !had_failed) return {};
    // A stream that has failed before may have nothing left to flush.
    const int failure = errno != 0 ? errno : earlier != 0 ? earlier : EIO;
    Error error(Errc::output_failed, std::string("standard output: ") + std::strerror(failure));
    errno = failure;
    return error;
}

}  // namespace ringside
