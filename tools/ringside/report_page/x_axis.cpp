#include "tools/ringside/report_page/x_axis.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/ringside/report_page/number_text.hpp"
#include "tools/ringside/report_page/scale.hpp"
#include "tools/ringside/report_page/time_scale.hpp"

namespace ringside::tools {

namespace {

constexpr std::size_t label_characters_min = 10;
constexpr std::size_t label_characters_max = 14;
constexpr double label_gap = 8;         ///< between two labels
constexpr double scaled_tick_gap = 80;  ///< between two ticks of numbers or times, at least

std::size_t character_count(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

/// Byte offset of a character.
std::size_t offset_of(const std::string& text, std::size_t character) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const bool begins_character = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
        if (begins_character && character-- == 0) break;
    }
    return at;
}

/// Cuts the middle, because labels often differ at their ends.
std::string cut_label(const std::string& text, std::size_t characters_max) {
    const std::size_t characters = character_count(text);
    if (characters <= characters_max) return text;
    const std::size_t front = characters_max / 2;
    const std::size_t back = characters_max - 1 - front;
    return text.substr(0, offset_of(text, front)) + "…" +
           text.substr(offset_of(text, characters - back));
}

int scaled_ticks(double width) { return std::max(2, static_cast<int>(width / scaled_tick_gap)); }

}  // namespace

XAxis::XAxis(const ReportTable& table, std::size_t column, bool is_scaled, double width,
             double character_width)
    : order_(table.rows.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    is_scaled_ = is_scaled && table.rows.size() > 1 &&
                 (place_by_number(table, column, width) || place_by_time(table, column, width));
    if (!is_scaled_) place_evenly(table, column, width, character_width);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return places_[a] < places_[b]; });
}

bool XAxis::place_by_number(const ReportTable& table, std::size_t column, double width) {
    std::vector<double> numbers;
    bool are_integers = true;
    for (const auto& row : table.rows) {
        if (!row[column].number || !std::isfinite(*row[column].number)) return false;
        numbers.push_back(*row[column].number);
        are_integers = are_integers && numbers.back() == std::floor(numbers.back());
    }
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    if (*low == *high) return false;
    const Scale scale = Scale::covering(*low, *high, scaled_ticks(width), are_integers ? 1 : 0);
    for (const double number : numbers) places_.push_back(scale.place(number));
    for (const double tick : scale.ticks()) {
        ticks_.push_back({scale.place(tick), tick_number(tick, scale.step)});
    }
    return true;
}

bool XAxis::place_by_time(const ReportTable& table, std::size_t column, double width) {
    std::vector<ChartTime> times;
    for (const auto& row : table.rows) {
        const auto time = parse_chart_time(row[column].text);
        if (!time) return false;
        times.push_back(*time);
    }
    const auto [low, high] = std::minmax_element(times.begin(), times.end());
    if (*low == *high) return false;
    const TimeScale scale(*low, *high, scaled_ticks(width));
    for (const ChartTime time : times) places_.push_back(scale.place(time));
    for (const auto& tick : scale.ticks()) ticks_.push_back({scale.place(tick.time), tick.label});
    note_ = scale.date();
    return true;
}

void XAxis::place_evenly(const ReportTable& table, std::size_t column, double width,
                         double character_width) {
    const std::size_t count = table.rows.size();
    if (count == 0) return;
    const double slot = width / static_cast<double>(count);
    std::size_t longest = 0;
    for (const auto& row : table.rows) {
        longest = std::max(longest, character_count(row[column].text));
    }
    const auto fitting =
        static_cast<std::size_t>(std::max(slot - label_gap, 0.0) / character_width);
    const std::size_t characters =
        std::min(longest, std::clamp(fitting, label_characters_min, label_characters_max));
    const double label_width = static_cast<double>(characters) * character_width + label_gap;
    const auto every = static_cast<std::size_t>(std::max(std::ceil(label_width / slot), 1.0));
    for (std::size_t i = 0; i < count; ++i) {
        places_.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(count));
        if (i % every != 0) continue;
        ticks_.push_back({places_[i], cut_label(table.rows[i][column].text, characters)});
    }
}

}  // namespace ringside::tools
