#include "tools/support/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringside::tools {

namespace {

Error unreadable(const std::string& path) {
    const int failure = errno;
    const std::string what = path == "-" ? "standard input" : path;
    return {Errc::file_unreadable, what + ": " + std::strerror(failure)};
}

Error unwritable(const std::string& path) {
    const int failure = errno;
    return {Errc::output_failed, path + ": " + std::strerror(failure)};
}

/// False: `errno` says why.
bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Closes the file. False: `errno` says why; file systems of other hosts report errors here.
bool close_written(Descriptor file) { return close(file.release()) == 0; }

mode_t mode_of_new_file() {
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

Result<void> write_in_place(const std::string& path, std::string_view text) {
    Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
    if (!file.is_open() || !write_all(file.get(), text) || !close_written(std::move(file))) {
        return unwritable(path);
    }
    return {};
}

Result<void> replace(const std::string& path, std::string_view text, mode_t mode) {
    std::string aside = path + ".XXXXXX";
    Descriptor file(mkostemp(aside.data(), O_CLOEXEC));
    if (!file.is_open()) return unwritable(path);
    const bool is_written = write_all(file.get(), text) && fchmod(file.get(), mode) == 0 &&
                            fsync(file.get()) == 0 && close_written(std::move(file)) &&
                            std::rename(aside.c_str(), path.c_str()) == 0;
    if (is_written) return {};
    Error error = unwritable(path);
    unlink(aside.c_str());
    return error;
}

}  // namespace

Result<Descriptor> open_input(const std::string& path) {
    Descriptor file(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open()) return unreadable(path);
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return unreadable(path);
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return unreadable(path);
    }
    return file;
}

Result<std::size_t> read_input(const Descriptor& file, const std::string& path, char* buffer,
                               std::size_t bytes) {
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, bytes);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) return unreadable(path);
    }
}

Result<std::string> read_whole_file(const std::string& path) {
    const auto file = open_input(path);
    if (!file) return file.error();
    std::string text;
    std::array<char, 65'536> part;
    for (;;) {
        const auto got = read_input(*file, path, part.data(), part.size());
        if (!got) return got.error();
        if (*got == 0) return text;
        text.append(part.data(), *got);
    }
}

Result<void> write_whole_file(const std::string& path, std::string_view text) {
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) return write_in_place(path, text);
        return replace(path, text, status.st_mode & 07777);
    }
    if (errno != ENOENT) return unwritable(path);
    return replace(path, text, mode_of_new_file());
}

}  // namespace ringside::tools
