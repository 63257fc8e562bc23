#pragma once

#include <string>

#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// Writes figures in Prometheus' text exposition format 0.0.4, for `/metrics`.
class PrometheusText : public MetricsWriter {
public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    using MetricsWriter::sample;
    void family(std::string_view name, MetricType type, std::string_view help) override;
    void sample(std::span<const MetricLabel> labels, MetricValue value) override;
    void histogram(std::span<const MetricLabel> labels, std::span<const MetricBucket> buckets,
                   double sum, std::uint64_t count) override;

    [[nodiscard]] std::string finish() && { return std::move(text_); }

private:
    void line(std::string_view suffix, std::span<const MetricLabel> labels, MetricValue value);

    std::string text_;
    std::string family_;
};

}  // namespace ringside::metrics
