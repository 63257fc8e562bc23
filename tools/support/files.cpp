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

/// Returns false with the reason in `errno`.
bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

mode_t mode_of_new_file() {
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
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

Result<OutputFile> OutputFile::open(const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) return open_in_place(path);
        return open_aside(path, status.st_mode & 07777);
    }
    if (errno != ENOENT) return unwritable(path);
    return open_aside(path, mode_of_new_file());
}

Result<OutputFile> OutputFile::open_in_place(const std::string& path) {
    Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
    if (!file.is_open()) return unwritable(path);
    return OutputFile(path, "", std::move(file), 0);
}

Result<OutputFile> OutputFile::open_aside(const std::string& path, unsigned mode) {
    std::string aside = path + ".XXXXXX";
    Descriptor file(mkostemp(aside.data(), O_CLOEXEC));
    if (!file.is_open()) return unwritable(path);
    return OutputFile(path, aside, std::move(file), mode);
}

OutputFile::~OutputFile() {
    if (!aside_.empty()) unlink(aside_.c_str());
}

Result<void> OutputFile::write(std::string_view text) {
    if (!write_all(file_.get(), text)) return unwritable(path_);
    return {};
}

Result<void> OutputFile::finish() {
    const bool is_replacing = !aside_.empty();
    if (is_replacing && (fchmod(file_.get(), mode_) != 0 || fsync(file_.get()) != 0)) {
        return unwritable(path_);
    }
    // File systems of other hosts report errors of writes when the file is closed.
    if (close(file_.release()) != 0) return unwritable(path_);
    if (is_replacing && std::rename(aside_.c_str(), path_.c_str()) != 0) return unwritable(path_);
    aside_.clear();
    return {};
}

Result<void> write_whole_file(const std::string& path, std::string_view text) {
    auto file = OutputFile::open(path);
    if (!file) return file.error();
    if (auto written = file->write(text); !written) return written;
    return file->finish();
}

}  // namespace ringside::tools
