#pragma once

#include <array>
#include <cstdint>

#include "shm/segment/statistics.hpp"
#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// A histogram of a segment, as it was at one time.
class HistogramCopy {
public:
    HistogramCopy() = default;
    explicit HistogramCopy(const shm::Histogram& histogram) noexcept;

    /// Returns what was counted after `before` was copied. Empty if the counts were reset.
    [[nodiscard]] HistogramCopy since(const HistogramCopy& before) const noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }

    /// Returns the value below which `share` of all values lies, interpolated within
    /// its bucket: the error is at most 25 %. Returns 0 if there are no values.
    /// REQUIRES: share is in (0, 1].
    [[nodiscard]] double quantile(double share) const noexcept;

    /// Writes the histogram as a metric with bounds at powers of two, from 2^first to 2^last.
    /// `unit`: the number that a value is divided by, 1e9 for nanoseconds.
    void write(MetricsWriter& writer, unsigned first, unsigned last, double unit) const;

private:
    std::array<std::uint64_t, shm::Histogram::bounds + 1> counts_{};
    std::uint64_t sum_ = 0;
};

/// Writes the histograms of a segment: turns, commits, batches and syncs.
void write_histograms(MetricsWriter& writer, const shm::SegmentView& segment);

}  // namespace ringside::metrics
