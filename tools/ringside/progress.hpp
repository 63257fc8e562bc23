#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace ringside::tools {

/// A progress bar on standard error, if that is a terminal.
class Progress {
public:
    /// Number of records between two updates.
    static constexpr std::uint64_t interval_records = 1024;

    [[nodiscard]] bool is_shown() const noexcept { return is_shown_; }

    /// Shows that `done` of `total` units are processed; a total of 0 is unknown.
    void show(std::uint64_t done, std::uint64_t total, std::uint64_t records) const {
        if (!is_shown_) return;
        constexpr int width = 40;
        const double share =
            total == 0 ? 0.0
                       : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
        fmt::print(stderr, "\r[{:<{}}] {:3.0f}%  {} records",
                   std::string(static_cast<std::size_t>(share * width), '#'), width, share * 100,
                   records);
    }

    void clear() const {
        if (is_shown_) fmt::print(stderr, "\r\033[K");
    }

private:
    bool is_shown_ = isatty(STDERR_FILENO) == 1;
};

}  // namespace ringside::tools
