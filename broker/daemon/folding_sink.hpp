#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace ringside::daemon {

/// Limits how often lines of one kind are written, for programs whose clients can cause any line.
/// Two lines are of one kind if they differ only in quoted texts and in words with digits. A text
/// that contains a quote can make a further kind; their number is bounded.
///
/// In an interval, the first `burst` lines of a kind are written. Further ones are counted, and the
/// count is written with the latest line when the interval is over: with the next line or flush,
/// and at the end of the program. Applies to lines of the levels info and warning.
/// Thread safety: all members.
class FoldingSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    /// Maximum number of kinds counted at a time. Further lines count as one kind.
    static constexpr std::size_t kinds_max = 128;

    struct Limit {
        std::uint64_t burst = 5;
        std::chrono::seconds interval{10};
    };

    explicit FoldingSink(spdlog::sink_ptr inner) : FoldingSink(std::move(inner), Limit()) {}
    FoldingSink(spdlog::sink_ptr inner, Limit limit) : inner_(std::move(inner)), limit_(limit) {}
    ~FoldingSink() override;
    FoldingSink(const FoldingSink&) = delete;
    FoldingSink& operator=(const FoldingSink&) = delete;

protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override;
    void set_pattern_(const std::string& pattern) override { inner_->set_pattern(pattern); }
    void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
        inner_->set_formatter(std::move(formatter));
    }

private:
    using Time = spdlog::log_clock::time_point;

    struct Interval {
        Time end;
        spdlog::level::level_enum level = spdlog::level::info;
        std::string logger;
        std::uint64_t lines = 0;
        std::string latest;
    };

    /// Writes the counts of the intervals that end before `now`.
    void end_intervals(Time now);
    void write_count(const Interval& interval, Time now);

    spdlog::sink_ptr inner_;
    Limit limit_;
    std::map<std::string, Interval> intervals_;
};

/// Returns the kind of a line: quoted texts become '', words with digits become #.
[[nodiscard]] std::string kind_of_line(std::string_view line);

}  // namespace ringside::daemon
