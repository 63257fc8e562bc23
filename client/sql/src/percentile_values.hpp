#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "guard.hpp"

namespace ringside::sql {

/// The numbers of a statistic. The oldest can be removed, which window functions need.
///
/// Memory: 8 bytes for each value, doubled while the storage grows; charged to the guard.
/// Thread safety: one thread.
class PercentileValues {
public:
    explicit PercentileValues(Guard& guard) noexcept : guard_(&guard) {}
    ~PercentileValues() { guard_->give_back(charged_); }
    PercentileValues(PercentileValues&& other) noexcept;
    PercentileValues(const PercentileValues&) = delete;
    PercentileValues& operator=(const PercentileValues&) = delete;
    PercentileValues& operator=(PercentileValues&&) = delete;

    /// Returns false if the guard ends the statement.
    [[nodiscard]] bool add(double value);
    /// REQUIRES: there is a value.
    [[nodiscard]] double oldest() const noexcept { return values_[begin_]; }
    /// REQUIRES: there is a value.
    void remove_oldest() noexcept { ++begin_; }
    /// Calls `each(value)` in the order of arrival.
    template <class Each>
    void for_each(const Each& each) const {
        for (std::size_t i = begin_; i < values_.size(); ++i) each(values_[i]);
    }

    [[nodiscard]] std::size_t count() const noexcept { return values_.size() - begin_; }

    /// Returns the value at a fraction from 0 to 1 of the order. Its position is
    /// fraction * (count - 1): interpolated between the two nearest values, or the lower of them if
    /// `is_discrete`.
    /// Returns nothing if the guard ends the statement. REQUIRES: there is a value.
    /// Cost: linear. The call on an rvalue copies nothing and changes the order.
    [[nodiscard]] std::optional<double> at(double fraction, bool is_discrete) const&;
    [[nodiscard]] std::optional<double> at(double fraction, bool is_discrete) &&;

private:
    Guard* guard_;
    std::vector<double> values_;  ///< in the order of arrival
    std::size_t begin_ = 0;       ///< values before it have been removed
    std::size_t charged_ = 0;
};

}  // namespace ringside::sql
