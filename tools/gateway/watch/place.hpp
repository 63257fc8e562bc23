#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/types.hpp"

namespace ringside::gateway {

/// Up to where somebody was told everything, of which beginning of the grid: the `id` of an event.
struct Place {
    Revision revision = 0;
    std::uint64_t boot_id = 0;  ///< 0: not known

    /// "1234-9f3b…"
    [[nodiscard]] std::string text() const;
    /// Also a revision alone. None: it is neither.
    static std::optional<Place> parse(std::string_view text) noexcept;
};

}  // namespace ringside::gateway
