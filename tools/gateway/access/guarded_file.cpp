#include "tools/gateway/access/guarded_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "shm/base/descriptor.hpp"

namespace ringside::gateway {

namespace {

Error bad_file(const std::filesystem::path& path, const std::string& what) {
    return {Errc::bad_configuration, path.string() + ": " + what};
}

Error failed(const std::filesystem::path& path, const std::string& what) {
    return bad_file(path, what + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<std::string> read_guarded_file(const std::filesystem::path& path, FileKind kind,
                                      std::size_t bytes_max) {
    // Without O_NONBLOCK, opening a pipe that has no writer would block.
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return failed(path, "cannot be opened");
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return failed(path, "cannot be inspected");
    if (!S_ISREG(status.st_mode)) return bad_file(path, "is not a regular file");
    if (kind == FileKind::secret && (status.st_mode & S_IRWXO) != 0) {
        return bad_file(path, "is a secret that other users can read; run chmod o= on it");
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return bad_file(path, "is writable by other users; run chmod o-w on it");
    }
    std::string bytes(bytes_max + 1, '\0');
    std::size_t held = 0;
    while (held < bytes.size()) {
        const ssize_t count = read(file.get(), bytes.data() + held, bytes.size() - held);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(path, "cannot be read");
        if (count == 0) break;
        held += static_cast<std::size_t>(count);
    }
    if (held > bytes_max) {
        return bad_file(path, "exceeds " + std::to_string(bytes_max) + " bytes");
    }
    bytes.resize(held);
    return bytes;
}

}  // namespace ringside::gateway
