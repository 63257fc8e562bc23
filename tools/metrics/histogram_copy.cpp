#include "tools/metrics/histogram_copy.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ringside::metrics {

using shm::Histogram;

HistogramCopy::HistogramCopy(const Histogram& histogram) noexcept
    : sum_(histogram.sum.load(std::memory_order_relaxed)) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        counts_[i] = histogram.counts[i].load(std::memory_order_relaxed);
    }
}

HistogramCopy HistogramCopy::since(const HistogramCopy& before) const noexcept {
    HistogramCopy grown;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] < before.counts_[i]) return {};
        grown.counts_[i] = counts_[i] - before.counts_[i];
    }
    grown.sum_ = sum_ - before.sum_;
    return grown;
}

std::uint64_t HistogramCopy::count() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

double HistogramCopy::quantile(double share) const noexcept {
    const double wanted = share * static_cast<double>(count());
    double below = 0;
    for (std::size_t i = 0; i < Histogram::bounds; ++i) {
        const auto here = static_cast<double>(counts_[i]);
        if (here > 0 && below + here >= wanted) {
            const auto begin = static_cast<double>(i == 0 ? 0 : Histogram::upper_bound(i - 1));
            const auto end = static_cast<double>(Histogram::upper_bound(i));
            return begin + (end - begin) * std::max(0.0, wanted - below) / here;
        }
        below += here;
    }
    // The last bucket has no upper bound.
    return wanted == 0 ? 0 : static_cast<double>(Histogram::upper_bound(Histogram::bounds - 1));
}

void HistogramCopy::write(MetricsWriter& writer, unsigned first, unsigned last, double unit) const {
    std::vector<MetricBucket> buckets;
    std::uint64_t below = 0;
    std::size_t next = 0;
    for (unsigned power = first; power <= last; ++power) {
        const std::uint64_t bound = std::uint64_t{1} << power;
        for (const std::size_t end = Histogram::bucket_of(bound) + 1; next < end; ++next) {
            below += counts_[next];
        }
        buckets.push_back({static_cast<double>(bound) / unit, below});
    }
    writer.histogram({}, buckets, static_cast<double>(sum_) / unit, count());
}

void write_histograms(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Statistics& statistics = shm::statistics_of(segment);
    const auto write_durations = [&](std::string_view name, std::string_view help,
                                     const Histogram& histogram) {
        constexpr unsigned first = 8;  // 256 ns
        constexpr unsigned last = 36;  // 69 s
        writer.family(name, MetricType::histogram, help);
        HistogramCopy(histogram).write(writer, first, last, 1e9);
    };
    const auto write_sizes = [&](std::string_view name, std::string_view help,
                                 const Histogram& histogram) {
        constexpr unsigned last = 17;  // 131072, the batch of a store
        writer.family(name, MetricType::histogram, help);
        HistogramCopy(histogram).write(writer, 0, last, 1);
    };
    write_durations("ringside_turn_duration_seconds",
                    "Duration of the turns of the engine that did work.", statistics.turn_ns);
    write_durations("ringside_commit_duration_seconds",
                    "For each commit, the duration of the turn that made it visible.",
                    statistics.commit_ns);
    write_sizes("ringside_batch_commits", "Commits that one turn made visible together.",
                statistics.commits_of_turn);
    write_durations("ringside_store_sync_duration_seconds",
                    "Duration of writes of the store that were forced to disk.",
                    statistics.sync_ns);
    write_sizes("ringside_store_batch_changes", "Changes in one write of the store.",
                statistics.changes_of_batch);
}

}  // namespace ringside::metrics
