#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"

namespace ringside::tools {

/// Opens a file for reading; "-" is standard input.
/// Error: file_unreadable, with the path and the system's reason (also for a directory).
[[nodiscard]] Result<Descriptor> open_input(const std::string& path);

/// Reads up to `bytes` into `buffer`; 0 at the end. Error: file_unreadable.
[[nodiscard]] Result<std::size_t> read_input(const Descriptor& file, const std::string& path,
                                             char* buffer, std::size_t bytes);

/// Reads a whole file; "-" is standard input. Error: file_unreadable.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);

/// A file while it is written. A regular file is replaced atomically when it is finished, and keeps
/// its mode: readers see the former content or the new one, and without `finish` the former one
/// stays. A new file gets 0666 without the umask. Anything else (a device, a FIFO, a symbolic link
/// and its target) is written in place.
class OutputFile {
public:
    /// Error: output_failed, with the path and the system's reason.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);
    /// As `open`, but writes a regular file in place, too, so that others can follow it.
    [[nodiscard]] static Result<OutputFile> open_in_place(const std::string& path);

    OutputFile(OutputFile&& other) noexcept
        : path_(std::move(other.path_)),
          aside_(std::exchange(other.aside_, {})),
          file_(std::move(other.file_)),
          mode_(other.mode_) {}
    OutputFile& operator=(OutputFile&&) = delete;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    /// Errors: as `open`.
    [[nodiscard]] Result<void> write(std::string_view text);
    /// Closes the file. Must be called once. Errors: as `open`.
    [[nodiscard]] Result<void> finish();

private:
    OutputFile(std::string path, std::string aside, Descriptor file, unsigned mode)
        : path_(std::move(path)), aside_(std::move(aside)), file_(std::move(file)), mode_(mode) {}
    [[nodiscard]] static Result<OutputFile> open_aside(const std::string& path, unsigned mode);

    std::string path_;
    std::string aside_;  ///< path of the file until it replaces the former one; empty if in place
    Descriptor file_;
    unsigned mode_;
};

/// Writes a whole file. A regular file is replaced atomically and keeps its mode: readers see the
/// former content or the new one, and after an error the former one stays. A new file gets 0666
/// without the umask. Anything else (a device, a FIFO, a symbolic link and its target) is written
/// in place.
/// Error: output_failed, with the path and the system's reason.
[[nodiscard]] Result<void> write_whole_file(const std::string& path, std::string_view text);

}  // namespace ringside::tools
