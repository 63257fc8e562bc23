#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "tools/metrics/metrics_writer.hpp"

namespace ringside::gateway {

/// A histogram of durations by upper bounds. Thread safety: one thread.
class DurationHistogram {
public:
    /// From the duration of a read from memory to one that a client notices.
    static constexpr std::array<double, 15> bounds_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                           0.005,  0.01,    0.025,  0.05,  0.1,
                                                           0.25,   0.5,     1,      2.5,   5};

    void observe(std::chrono::nanoseconds took) noexcept;
    void write(metrics::MetricsWriter& writer) const;

private:
    std::array<std::uint64_t, bounds_seconds.size()> counts_{};  ///< not cumulative
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds sum_{0};
};

}  // namespace ringside::gateway
