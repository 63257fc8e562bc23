#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace ringside::metrics {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct MetricLabel {
    std::string_view name;
    std::string_view value;
};

/// Whole numbers are written as they are, others with the fewest digits that read back the same.
using MetricValue = std::variant<std::uint64_t, double>;

/// What was observed up to a bound, counted from the lowest on.
struct MetricBucket {
    double upper_bound = 0;
    std::uint64_t count = 0;
};

/// Writes figures, family by family. Names follow Prometheus' conventions: `ringside_`, base units,
/// `_total` at the end of counters' names and of no others.
///
/// REQUIRES: each family once; its samples follow it at once, with labels that differ; all but
/// values of labels and helps are ASCII of [a-z0-9_].
class MetricsWriter {
public:
    virtual ~MetricsWriter() = default;

    virtual void family(std::string_view name, MetricType type, std::string_view help) = 0;
    /// A sample of the family that was begun last; not of a histogram.
    virtual void sample(std::span<const MetricLabel> labels, MetricValue value) = 0;
    /// `buckets` in rising order, without the one for everything, which is `count`.
    virtual void histogram(std::span<const MetricLabel> labels,
                           std::span<const MetricBucket> buckets, double sum,
                           std::uint64_t count) = 0;

    void sample(std::initializer_list<MetricLabel> labels, MetricValue value) {
        sample(std::span<const MetricLabel>(labels.begin(), labels.size()), value);
    }
    /// A family of one sample.
    void counter(std::string_view name, std::string_view help, MetricValue value) {
        family(name, MetricType::counter, help);
        sample({}, value);
    }
    void gauge(std::string_view name, std::string_view help, MetricValue value) {
        family(name, MetricType::gauge, help);
        sample({}, value);
    }
};

[[nodiscard]] std::string_view name(MetricType type) noexcept;

}  // namespace ringside::metrics
