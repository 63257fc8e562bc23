#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace ringside::tools {

/// A linear scale whose ends and ticks are round numbers.
struct Scale {
    double low = 0;
    double high = 1;
    double step = 1;

    /// A scale that covers two finite values with about this number of ticks, at least `step_min`
    /// apart.
    [[nodiscard]] static Scale covering(double low, double high, int ticks,
                                        double step_min = 0) noexcept {
        if (high <= low) high = low + 1;
        const double rough = (high - low) / ticks;
        const double power = std::pow(10, std::floor(std::log10(rough)));
        const double lead = rough / power;
        const double round = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
        const double step = std::max(round, step_min);
        return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
    }

    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> found;
        const auto count = static_cast<int>(std::lround((high - low) / step));
        for (int i = 0; i <= count; ++i) found.push_back(low + i * step);
        return found;
    }

    /// Returns 0 at the low end, 1 at the high end.
    [[nodiscard]] double place(double value) const noexcept { return (value - low) / (high - low); }
};

}  // namespace ringside::tools
