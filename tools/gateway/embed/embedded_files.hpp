#pragma once

#include <span>
#include <string_view>

namespace ringside::gateway {

/// A file that is part of the program. All of it is valid for as long as the program runs.
struct StaticFile {
    std::string_view path;  ///< that it is served at
    std::string_view content;
    std::string_view content_type;
    std::string_view etag;  ///< strong, with its quotation marks
};

/// All of them; written by embed.cmake.
[[nodiscard]] std::span<const StaticFile> embedded_files() noexcept;

}  // namespace ringside::gateway
