#pragma once

#include <string>

namespace ringside::tools {

/// A number for people: "1,234,567.5", with thousands separators from 10,000 on, so that years and
/// other numbers of four digits stay plain. `decimals` digits follow the point.
[[nodiscard]] std::string grouped_number(double number, int decimals);

/// A number for a tick of an axis with such a distance between ticks: with separators below ten
/// millions, else short, as "12M", "2.5G" or "1e+20".
[[nodiscard]] std::string tick_number(double number, double step);

/// Adds separators to the text of a number, and keeps its digits. Returns other texts unchanged,
/// such as "1e+20" and "Inf".
[[nodiscard]] std::string with_separators(const std::string& number);

}  // namespace ringside::tools
