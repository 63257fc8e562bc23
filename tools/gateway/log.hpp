#pragma once

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "tools/gateway/options.hpp"

namespace ringside::gateway {

/// Installs the process's default logger as the options specify. Messages are `escaped`, so that
/// each of them is one line. Error: bad_configuration.
Result<void> start_log(const Options& options);

/// Escapes control characters, including C1, as in `\n` and `\x1b`: texts from clients must neither
/// end a line of the log nor control a terminal.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace ringside::gateway
