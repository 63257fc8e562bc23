#include "tools/gateway/metrics/duration_histogram.hpp"

#include <algorithm>

namespace ringside::gateway {

void DurationHistogram::observe(std::chrono::nanoseconds took) noexcept {
    const double seconds = std::chrono::duration<double>(took).count();
    const auto bound = std::lower_bound(bounds_seconds.begin(), bounds_seconds.end(), seconds);
    if (bound != bounds_seconds.end()) {
        ++counts_[static_cast<std::size_t>(bound - bounds_seconds.begin())];
    }
    ++count_;
    sum_ += took;
}

void DurationHistogram::write(metrics::MetricsWriter& writer) const {
    std::array<metrics::MetricBucket, bounds_seconds.size()> buckets;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        below += counts_[i];
        buckets[i] = {bounds_seconds[i], below};
    }
    writer.histogram({}, buckets, std::chrono::duration<double>(sum_).count(), count_);
}

}  // namespace ringside::gateway
