#pragma once

#include <string>
#include <string_view>

#include "ringside/client.hpp"

/// Seat maps that are computed only while somebody watches them.
///
///   event/1/seat/A07   record   {"status":"sold"}, by the box office
///   seatmap/1          record   {"edition":3,"free":78,"sold":2,"seats":"..x..x…"}, by the feed
///   feed/rests         event    {"subject":"seatmap/1","edition":3}: it is not watched any more
///
/// The feed numbers its editions, over all maps: whoever sees a map knows how many were computed
/// before. A map that is not kept up to date is worse than none: when nobody watches, it is
/// removed.
namespace ringside::seatmap {

inline constexpr std::string_view map_prefix = "seatmap/";
inline constexpr auto rests_subject = "feed/rests";

[[nodiscard]] std::string seat_name(int event, int number);
[[nodiscard]] std::string seats_pattern(std::string_view event);

/// Provides seat maps until it is asked to end. Exit status.
int play_feed(const std::string& grid);

/// Box office and spectators, with a feed of their own. Exit status: 0 if no map was computed that
/// nobody watched, and every map that was watched became right.
int play_show(const std::string& grid);

}  // namespace ringside::seatmap
