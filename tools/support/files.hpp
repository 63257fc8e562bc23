#pragma once

#include <string>
#include <string_view>

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

/// Writes a whole file. A regular file is replaced atomically and keeps its mode: readers see the
/// former content or the new one, and after an error the former one stays. A new file gets 0666
/// without the umask. Anything else (a device, a FIFO, a symbolic link and its target) is written in
/// place.
/// Error: output_failed, with the path and the system's reason.
[[nodiscard]] Result<void> write_whole_file(const std::string& path, std::string_view text);

}  // namespace ringside::tools
