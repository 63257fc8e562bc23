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

/// Whole numbers are written unchanged, others with the fewest digits that read back the same.
using MetricValue = std::variant<std::uint64_t, double>;

/// The cumulative number of observations up to a bound.
struct MetricBucket {
    double upper_bound = 0;
    std::uint64_t count = 0;
};

/// Writes figures, family by family. Names follow Prometheus' conventions: they begin with
/// `ringside_`, or with `process_` for resources of a process; base units; and `_total` at the end
/// of the names of counters only.
///
/// REQUIRES: each family occurs once, immediately followed by its samples with different labels.
/// Everything except values of labels and help texts is ASCII of [a-z0-9_].
class MetricsWriter {
public:
    virtual ~MetricsWriter() = default;

    virtual void family(std::string_view name, MetricType type, std::string_view help) = 0;
    /// Adds a sample to the current family, which must not be a histogram.
    virtual void sample(std::span<const MetricLabel> labels, MetricValue value) = 0;
    /// `buckets` are in ascending order, without the one for all observations, which is `count`.
    virtual void histogram(std::span<const MetricLabel> labels,
                           std::span<const MetricBucket> buckets, double sum,
                           std::uint64_t count) = 0;

    void sample(std::initializer_list<MetricLabel> labels, MetricValue value) {
        sample(std::span<const MetricLabel>(labels.begin(), labels.size()), value);
    }
    /// Writes a family of one sample.
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
