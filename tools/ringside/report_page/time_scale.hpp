#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::tools {

using ChartTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Reads a time as SQLite's date functions write it: "2026-03-28", "2026-03-28 23:30",
/// "2026-03-28T23:30:05.250Z", and "2026-03" for a month. Returns nothing for any other text.
[[nodiscard]] std::optional<ChartTime> parse_chart_time(std::string_view text);

/// A linear scale of time with ticks at round times: full minutes, hours, days, months or years.
class TimeScale {
public:
    /// REQUIRES: low < high, ticks_max > 1.
    TimeScale(ChartTime low, ChartTime high, int ticks_max);

    struct Tick {
        ChartTime time;
        std::string label;  ///< "23:30", "28 Mar", "Mar 2026", "2026"
    };
    [[nodiscard]] const std::vector<Tick>& ticks() const noexcept { return ticks_; }

    /// The date, if the ticks show times of one day only; else empty.
    [[nodiscard]] const std::string& date() const noexcept { return date_; }

    /// 0 at the low end, 1 at the high one.
    [[nodiscard]] double place(ChartTime time) const noexcept;

private:
    void add_ticks_every(std::chrono::seconds step);
    void add_ticks_every_months(int months);

    ChartTime low_;
    ChartTime high_;
    std::vector<Tick> ticks_;
    std::string date_;
};

}  // namespace ringside::tools
