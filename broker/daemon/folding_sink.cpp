#include "broker/daemon/folding_sink.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <exception>

namespace ringside::daemon {

std::string kind_of_line(std::string_view line) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::string kind;
    while (!line.empty()) {
        if (line.front() == '\'') {
            const std::size_t end = line.find('\'', 1);
            kind += "''";
            line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
            continue;
        }
        const std::size_t end = std::min(line.find_first_of(" '", 1), line.size());
        const std::string_view word = line.substr(0, end);
        if (std::any_of(word.begin(), word.end(), is_digit)) kind += " #";
        else kind += word;
        line.remove_prefix(end);
    }
    return kind;
}

FoldingSink::~FoldingSink() {
    try {
        end_intervals(Time::max());
        inner_->flush();
    } catch (const std::exception&) {
        // No error can be reported here.
    }
}

void FoldingSink::sink_it_(const spdlog::details::log_msg& message) {
    end_intervals(message.time);
    if (message.level != spdlog::level::info && message.level != spdlog::level::warn)
        return inner_->log(message);
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string kind = kind_of_line(text);
    auto place = intervals_.find(kind);
    if (place == intervals_.end()) {
        if (intervals_.size() >= kinds_max) kind.clear();  // all further kinds are one
        place = intervals_.try_emplace(std::move(kind)).first;
    }
    if (place->second.lines == 0) {
        place->second.end = message.time + limit_.interval;
        place->second.level = message.level;
        place->second.logger.assign(message.logger_name.data(), message.logger_name.size());
    }
    Interval& interval = place->second;
    if (++interval.lines <= limit_.burst) return inner_->log(message);
    interval.latest = text;
}

void FoldingSink::flush_() {
    end_intervals(spdlog::log_clock::now());
    inner_->flush();
}

void FoldingSink::end_intervals(Time now) {
    for (auto place = intervals_.begin(); place != intervals_.end();) {
        const Interval& interval = place->second;
        // The system's clock can be set back.
        const bool is_future = interval.end - limit_.interval > now;
        if (now < interval.end && !is_future) {
            ++place;
            continue;
        }
        if (interval.lines > limit_.burst) write_count(interval, now);
        place = intervals_.erase(place);
    }
}

void FoldingSink::write_count(const Interval& interval, Time now) {
    const std::string text =
        fmt::format("{} more lines like this: {}", interval.lines - limit_.burst, interval.latest);
    const Time time = now == Time::max() ? spdlog::log_clock::now() : now;
    inner_->log(spdlog::details::log_msg(time, spdlog::source_loc(), interval.logger,
                                         interval.level, text));
}

}  // namespace ringside::daemon
