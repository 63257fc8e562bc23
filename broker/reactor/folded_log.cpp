#include "broker/reactor/folded_log.hpp"

namespace ringside::broker {

void FoldedLog::line(Level level, const std::string& kind, const std::string& text,
                     Clock::time_point now) {
    flush(now);
    const auto [place, is_first] = intervals_.try_emplace(kind);
    Interval& interval = place->second;
    if (is_first) {
        interval.end = now + interval_;
        interval.level = level;
        return write_(level, kind + ": " + text);
    }
    ++interval.folded;
    interval.latest = text;
}

void FoldedLog::flush(Clock::time_point now) {
    for (auto place = intervals_.begin(); place != intervals_.end();) {
        Interval& interval = place->second;
        if (now < interval.end) {
            ++place;
            continue;
        }
        if (interval.folded == 0) {
            place = intervals_.erase(place);
            continue;
        }
        write_(interval.level, place->first + ": " + std::to_string(interval.folded) +
                                   " more since the line before; latest: " + interval.latest);
        interval.folded = 0;
        interval.end = now + interval_;
        ++place;
    }
}

}  // namespace ringside::broker
