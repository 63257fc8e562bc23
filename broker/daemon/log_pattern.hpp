#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string_view>

namespace ringside::daemon {

/// Where log lines go, as far as it decides what they look like.
enum class LogTarget { plain, journal };

/// The formatter of a format, "text" or "json"; see broker/daemon/log.hpp.
[[nodiscard]] std::unique_ptr<spdlog::formatter> make_formatter(std::string_view format,
                                                                LogTarget target);

/// Whether the descriptor is the stream that $JOURNAL_STREAM (`device:inode`) names.
[[nodiscard]] bool is_journal(int descriptor, const char* journal_stream) noexcept;

}  // namespace ringside::daemon
