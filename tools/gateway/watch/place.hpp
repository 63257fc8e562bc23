#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/types.hpp"

namespace ringside::gateway {

/// A place in the history of one incarnation of the grid, up to which a receiver got everything.
/// Sent as the `id` of an event.
struct Place {
    Revision revision = 0;
    std::uint64_t boot_id = 0;  ///< 0 if unknown

    /// "1234-9f3b…"
    [[nodiscard]] std::string text() const;
    /// Also accepts a revision alone. Returns none for any other text.
    static std::optional<Place> parse(std::string_view text) noexcept;
};

}  // namespace ringside::gateway
