#pragma once

#include <algorithm>
#include <boost/histogram.hpp>
#include <cstdint>

namespace ringside::bench {

/// A histogram of durations of 1 ns to 10 s, in buckets with a width of 1 % of their value.
class Latencies {
public:
    void add(double ns) {
        buckets_(ns);
        longest_ = std::max(longest_, ns);
    }
    void add(const Latencies& others) {
        buckets_ += others.buckets_;
        longest_ = std::max(longest_, others.longest_);
    }

    [[nodiscard]] double longest() const { return longest_; }

    /// Returns the duration in ns that this share of all samples does not exceed; 0 without
    /// samples.
    [[nodiscard]] double at(double share) const {
        const auto& axis = buckets_.axis();
        std::uint64_t total = 0;
        for (const auto& bucket : boost::histogram::indexed(buckets_)) total += *bucket;
        std::uint64_t seen = 0;
        for (const auto& bucket : boost::histogram::indexed(buckets_)) {
            seen += *bucket;
            if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(total))
                return axis.bin(bucket.index()).center();
        }
        return 0;
    }

private:
    using Axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
    static constexpr int buckets = 2314;  // ln(10^10) / ln(1.01)

    decltype(boost::histogram::make_histogram_with(boost::histogram::dense_storage<std::uint64_t>(),
                                                   Axis())) buckets_ =
        boost::histogram::make_histogram_with(boost::histogram::dense_storage<std::uint64_t>(),
                                              Axis(buckets, 1.0, 1e10));
    double longest_ = 0;
};

}  // namespace ringside::bench
