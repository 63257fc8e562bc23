#include "tools/gateway/watch/place.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ringside::gateway {

std::string Place::text() const { return fmt::format("{}-{:x}", revision, boot_id); }

std::optional<Place> Place::parse(std::string_view text) noexcept {
    Place place;
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, place.revision);
    if (failed != std::errc()) return std::nullopt;
    if (rest == end) return place;
    const auto [last, wrong] = std::from_chars(rest + 1, end, place.boot_id, 16);
    if (*rest != '-' || wrong != std::errc() || last != end) return std::nullopt;
    return place;
}

}  // namespace ringside::gateway
