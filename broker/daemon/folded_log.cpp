#include "broker/daemon/folded_log.hpp"

#include <spdlog/spdlog.h>

namespace ringside::daemon {

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
        write_count(place->first, interval);
        interval.folded = 0;
        interval.end = now + interval_;
        ++place;
    }
}

void FoldedLog::finish() {
    for (const auto& [kind, interval] : intervals_) {
        if (interval.folded > 0) write_count(kind, interval);
    }
    intervals_.clear();
}

void FoldedLog::write_count(const std::string& kind, const Interval& interval) {
    write_(interval.level, kind + ": " + std::to_string(interval.folded) +
                               " more since the previous line; latest: " + interval.latest);
}

FoldedLog::Write FoldedLog::to_log() {
    return [](Level level, const std::string& text) {
        spdlog::log(level == Level::error     ? spdlog::level::err
                    : level == Level::warning ? spdlog::level::warn
                                              : spdlog::level::info,
                    text);
    };
}

}  // namespace ringside::daemon
