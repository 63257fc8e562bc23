#pragma once

#include <cmath>
#include <vector>

namespace ringside::tools {

/// A linear scale whose ends and ticks are round numbers.
struct Scale {
    double low = 0;
    double high = 1;
    double step = 1;

    /// That covers two values with about so many ticks; they must be finite.
    [[nodiscard]] static Scale covering(double low, double high, int ticks) noexcept {
        if (high <= low) high = low + 1;
        const double rough = (high - low) / ticks;
        const double power = std::pow(10, std::floor(std::log10(rough)));
        const double lead = rough / power;
        const double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
        return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
    }

    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> found;
        const auto count = static_cast<int>(std::lround((high - low) / step));
        for (int i = 0; i <= count; ++i) found.push_back(low + i * step);
        return found;
    }

    /// 0 at the low end, 1 at the high one.
    [[nodiscard]] double place(double value) const noexcept { return (value - low) / (high - low); }
};

}  // namespace ringside::tools
