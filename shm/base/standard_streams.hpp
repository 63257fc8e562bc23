#pragma once

#include "shm/base/errc.hpp"

namespace ringside {

/// Occupies the numbers of standard input, output and error that the parent process has closed.
/// Without it the next file or socket that the program opens gets such a number, and whatever is
/// printed ends up in it. Reading and writing the placeholders fails with EBADF.
/// To be called first in `main`.
void reserve_standard_streams() noexcept;

/// Writes out what is buffered for standard output. To be called at once after a write that has set
/// the stream's error, whose `errno` it reports.
/// Error: output_failed, for this or an earlier write. `errno` is EPIPE afterwards if the reader of a
/// pipe has gone.
[[nodiscard]] Result<void> flush_standard_output();

}  // namespace ringside
