#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace ringside::daemon {

/// Log lines that any peer can cause, as often as it likes. Of each kind one line is written in an
/// interval; further ones are counted, and the count is written when the interval is over, together
/// with the latest line. Thread safety: one thread.
class FoldedLog {
public:
    using Clock = std::chrono::steady_clock;
    enum class Level : std::uint8_t { info, warning, error };
    using Write = std::function<void(Level, const std::string&)>;

    explicit FoldedLog(Write write, Clock::duration interval = std::chrono::seconds(10))
        : write_(std::move(write)), interval_(interval) {}

    /// Writes or counts a line. `kind`: what lines are counted together, a short phrase.
    void line(Level level, const std::string& kind, const std::string& text,
              Clock::time_point now = Clock::now());

    /// Writes the counts of the intervals that are over. Called about once a second.
    void flush(Clock::time_point now = Clock::now());

    /// Writes all counts. Called when the program ends.
    void finish();

    /// Writes to the log of this process.
    [[nodiscard]] static Write to_log();

private:
    struct Interval {
        Clock::time_point end;
        Level level = Level::info;
        std::uint64_t folded = 0;
        std::string latest;
    };

    void write_count(const std::string& kind, const Interval& interval);

    Write write_;
    Clock::duration interval_;
    std::map<std::string, Interval> intervals_;
};

}  // namespace ringside::daemon
