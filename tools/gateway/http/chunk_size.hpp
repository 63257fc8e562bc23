#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside::gateway {

/// The line that precedes a chunk (RFC 9112, 7.1).
struct ChunkSize {
    std::uint64_t bytes = 0;          ///< of the chunk; 0 for the last chunk
    std::size_t extension_bytes = 0;  ///< of the line

    /// Parses a line without its CRLF: 1 to 16 hexadecimal digits, then extensions of the forms
    /// `;name`, `;name=token` and `;name="text"`. Returns nothing for any other line.
    [[nodiscard]] static std::optional<ChunkSize> parse(std::string_view line) noexcept;
};

}  // namespace ringside::gateway
