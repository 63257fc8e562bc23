#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/ringside/top/top_report.hpp"

namespace ringside::tools {

enum class SessionOrder : std::uint8_t { lag, requests, pins };

/// The settings that the user has changed with keys.
struct TopChoice {
    SessionOrder order = SessionOrder::lag;
    std::string filter;       ///< only sessions, prefixes and Kafka members that contain this text
    bool is_editing = false;  ///< keys go to the filter
    bool is_paused = false;

    /// Applies a key. Returns false if the user wants to quit.
    bool press(char key);
};

/// Sorts the sessions, and removes items that the filter does not match.
[[nodiscard]] TopReport arranged(TopReport report, const TopChoice& choice);

/// A report on one line, for files and pipes.
[[nodiscard]] std::string line_of(const TopReport& report);

/// A report as one JSON object on one line. Times are in seconds.
[[nodiscard]] std::string json_of(const TopReport& report);

/// A report as the lines of a screen. `rows`: lines that fit, at least 12; none: no limit.
[[nodiscard]] std::vector<std::string> lines_of(const TopReport& report, const TopChoice& choice,
                                                std::optional<std::size_t> rows);

}  // namespace ringside::tools
