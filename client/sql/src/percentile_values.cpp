#include "percentile_values.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace ringside::sql {

namespace {

constexpr std::size_t capacity_min = 64;

/// Rearranges the values. REQUIRES: there is a value.
double percentile_in(std::span<double> values, double fraction, bool is_discrete) {
    const double place = fraction * static_cast<double>(values.size() - 1);
    const auto lower = static_cast<std::ptrdiff_t>(place);
    const auto at = values.begin() + lower;
    std::nth_element(values.begin(), at, values.end());
    const double rest = place - static_cast<double>(lower);
    if (is_discrete || rest == 0 || at + 1 == values.end()) return *at;
    return std::lerp(*at, *std::min_element(at + 1, values.end()), rest);
}

}  // namespace

PercentileValues::PercentileValues(PercentileValues&& other) noexcept
    : guard_(other.guard_),
      values_(std::move(other.values_)),
      begin_(std::exchange(other.begin_, 0)),
      charged_(std::exchange(other.charged_, 0)) {}

bool PercentileValues::add(double value) {
    if (begin_ > capacity_min && begin_ > values_.size() / 2) {
        values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    if (values_.size() == values_.capacity()) {
        const std::size_t capacity = std::max(capacity_min, 2 * values_.capacity());
        const std::size_t bytes = (capacity - values_.capacity()) * sizeof(double);
        charged_ += bytes;
        if (!guard_->take(bytes)) return false;
        values_.reserve(capacity);
    }
    values_.push_back(value);
    return true;
}

std::optional<double> PercentileValues::at(double fraction, bool is_discrete) const& {
    const std::size_t bytes = count() * sizeof(double);
    std::optional<double> found;
    if (guard_->take(bytes)) {
        std::vector<double> copy(values_.begin() + static_cast<std::ptrdiff_t>(begin_),
                                 values_.end());
        found = percentile_in(copy, fraction, is_discrete);
    }
    guard_->give_back(bytes);
    return found;
}

std::optional<double> PercentileValues::at(double fraction, bool is_discrete) && {
    if (!guard_->may_go_on()) return std::nullopt;
    return percentile_in(std::span(values_).subspan(begin_), fraction, is_discrete);
}

}  // namespace ringside::sql
