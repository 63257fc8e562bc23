#include "tools/ringside/report_page/number_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace ringside::tools {

namespace {

constexpr std::size_t separated_digits_min = 5;
constexpr double short_from = 1e7;
constexpr int decimals_max = 9;

/// Returns the number of decimals that multiples of a step need.
int decimals_of(double step) {
    if (step >= 1) return step == std::floor(step) ? 0 : 1;
    return std::min(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), decimals_max);
}

}  // namespace

std::string with_separators(const std::string& number) {
    const std::size_t begin = number.starts_with('-') ? 1 : 0;
    const std::size_t end = std::min(number.find_first_not_of("0123456789", begin), number.size());
    if (end < number.size() && number[end] != '.') return number;
    if (end - begin < separated_digits_min) return number;
    std::string text = number;
    for (std::size_t at = end; at > begin + 3; at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

std::string grouped_number(double number, int decimals) {
    return with_separators(fmt::format("{:.{}f}", number, decimals));
}

std::string tick_number(double number, double step) {
    constexpr std::array<std::pair<double, const char*>, 3> units{
        {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}}};
    const double size = std::fabs(number);
    if (size >= 1e15) return fmt::format("{:.4g}", number);
    if (size < short_from && step >= 1e-9) return grouped_number(number, decimals_of(step));
    for (const auto& [unit, name] : units) {
        if (size >= unit) return grouped_number(number / unit, decimals_of(step / unit)) + name;
    }
    return fmt::format("{:.4g}", number);
}

}  // namespace ringside::tools
