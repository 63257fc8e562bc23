#pragma once

#include <string>
#include <string_view>

#include "ringside/client.hpp"

/// Seat maps that are computed only while they are watched.
///
///   event/1/seat/A07   record   {"status":"sold"}, by the box office
///   seatmap/1          record   {"edition":3,"free":78,"sold":2,"seats":"..x..x…"}, by the feed
///   feed/rests         event    {"subject":"seatmap/1","edition":3}: it is no longer watched
///
/// The feed numbers its editions over all maps, so a map shows how many were computed before it. A
/// stale map is worse than none, so the feed removes a map that is no longer watched.
namespace ringside::seatmap {

inline constexpr std::string_view map_prefix = "seatmap/";
inline constexpr auto rests_subject = "feed/rests";

[[nodiscard]] std::string seat_name(int event, int number);
[[nodiscard]] std::string seats_pattern(std::string_view event);

/// Provides seat maps until it is asked to end. Returns the exit status.
int play_feed(const std::string& grid);

/// Runs box office and spectators with a separate feed. Returns the exit status: 0 if no map was
/// computed without a watch, and every watched map became correct.
int play_show(const std::string& grid);

}  // namespace ringside::seatmap
