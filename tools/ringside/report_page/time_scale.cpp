#include "tools/ringside/report_page/time_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ringside::tools {

namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::seconds;
using std::chrono::year_month_day;

constexpr std::array<seconds, 18> steps{1s, 5s, 15s, 30s, 1min, 5min, 15min, 30min, 1h,
                                        2h, 3h, 6h,  12h, 24h,  48h,  96h,   168h,  336h};
constexpr std::array<int, 11> month_steps{1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200};
constexpr std::array<const char*, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr seconds month_length = 30 * 24h;

/// Moves `count` digits from the beginning of the text to `number`. Returns false without them.
bool take_digits(std::string_view& text, std::size_t count, int& number) {
    if (text.size() < count) return false;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return false;
    }
    std::from_chars(text.data(), text.data() + count, number);
    text.remove_prefix(count);
    return true;
}

bool take_mark(std::string_view& text, char mark) {
    if (!text.starts_with(mark)) return false;
    text.remove_prefix(1);
    return true;
}

/// Removes a fraction such as ".250" from the text. Ignores digits beyond milliseconds.
bool take_fraction(std::string_view& text, std::chrono::milliseconds& time) {
    std::chrono::milliseconds unit = 100ms;
    bool has_digit = false;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10) {
        time += (text[0] - '0') * unit;
        has_digit = true;
    }
    return has_digit;
}

bool take_time_of_day(std::string_view& text, std::chrono::milliseconds& time) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_digits(text, 2, hour) || !take_mark(text, ':') || !take_digits(text, 2, minute)) {
        return false;
    }
    if (take_mark(text, ':') && !take_digits(text, 2, second)) return false;
    if (hour > 24 || minute > 59 || second > 60) return false;
    time = std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
    if (take_mark(text, '.') && !take_fraction(text, time)) return false;
    take_mark(text, 'Z');
    return true;
}

std::string month_name(const year_month_day& date) {
    return month_names[static_cast<unsigned>(date.month()) - 1];
}

std::string time_label(ChartTime time, seconds step) {
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(time - day));
    if (time == day) {
        return fmt::format("{} {}", static_cast<unsigned>(date.day()), month_name(date));
    }
    if (step >= 1min) {
        return fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
    }
    return fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

}  // namespace

std::optional<ChartTime> parse_chart_time(std::string_view text) {
    int year = 0;
    int month = 0;
    int day = 1;
    if (!take_digits(text, 4, year) || !take_mark(text, '-') || !take_digits(text, 2, month)) {
        return std::nullopt;
    }
    const bool has_day = take_mark(text, '-');
    if (has_day && !take_digits(text, 2, day)) return std::nullopt;
    const year_month_day date(std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) return std::nullopt;
    std::chrono::milliseconds time{0};
    const bool has_time = has_day && (take_mark(text, ' ') || take_mark(text, 'T'));
    if (has_time && !take_time_of_day(text, time)) return std::nullopt;
    if (!text.empty()) return std::nullopt;
    return ChartTime(std::chrono::sys_days(date)) + time;
}

TimeScale::TimeScale(ChartTime low, ChartTime high, int ticks_max) : low_(low), high_(high) {
    const auto length = high_ - low_;
    const auto step =
        std::ranges::find_if(steps, [&](seconds one) { return length / one < ticks_max; });
    if (step != steps.end()) add_ticks_every(*step);
    if (step != steps.end()) return;
    const auto months = std::find_if(month_steps.begin(), month_steps.end() - 1, [&](int one) {
        return length / (one * month_length) < ticks_max;
    });
    add_ticks_every_months(*months);
}

void TimeScale::add_ticks_every(seconds step) {
    const ChartTime start = floor<days>(low_);
    const auto steps_before = (low_ - start + step - 1ms) / step;
    bool has_midnight = false;
    for (ChartTime time = start + steps_before * step; time <= high_; time += step) {
        ticks_.push_back({time, time_label(time, step)});
        has_midnight = has_midnight || time == floor<days>(time);
    }
    if (ticks_.empty()) ticks_.push_back({low_, time_label(low_, step)});
    if (has_midnight) return;
    const year_month_day date(floor<days>(low_));
    date_ = fmt::format("{} {} {}", static_cast<unsigned>(date.day()), month_name(date),
                        static_cast<int>(date.year()));
}

void TimeScale::add_ticks_every_months(int months) {
    const year_month_day first(floor<days>(low_));
    int month = static_cast<int>(first.year()) * 12 + static_cast<int>(unsigned(first.month())) - 1;
    for (month = month / months * months;; month += months) {
        const year_month_day date(std::chrono::year(month / 12),
                                  std::chrono::month(static_cast<unsigned>(month % 12 + 1)),
                                  std::chrono::day(1));
        const ChartTime time = std::chrono::sys_days(date);
        if (time > high_) return;
        if (time < low_) continue;
        const int year = month / 12;
        ticks_.push_back({time, months % 12 == 0 ? std::to_string(year)
                                                 : fmt::format("{} {}", month_name(date), year)});
    }
}

double TimeScale::place(ChartTime time) const noexcept {
    return static_cast<double>((time - low_).count()) / static_cast<double>((high_ - low_).count());
}

}  // namespace ringside::tools
