#pragma once

#include <string>

#include "tools/metrics/metrics_writer.hpp"

namespace ringside::gateway {

/// Writes figures as JSON, for `/v1/stats`.
///
///     {"ringside_records": {"type":"gauge","help":"…","samples":[{"labels":{},"value":7}]},
///      "ringside_gateway_request_duration_seconds": {"type":"histogram","help":"…","samples":[
///          {"labels":{},"buckets":[{"le":0.001,"count":3}],"sum":0.002,"count":4}]}}
///
/// A value that JSON cannot represent (infinite, or not a number) becomes null.
class MetricsJson : public metrics::MetricsWriter {
public:
    using metrics::MetricsWriter::sample;
    void family(std::string_view name, metrics::MetricType type, std::string_view help) override;
    void sample(std::span<const metrics::MetricLabel> labels, metrics::MetricValue value) override;
    void histogram(std::span<const metrics::MetricLabel> labels,
                   std::span<const metrics::MetricBucket> buckets, double sum,
                   std::uint64_t count) override;

    [[nodiscard]] std::string finish() &&;

private:
    void begin_sample(std::span<const metrics::MetricLabel> labels);

    std::string text_ = "{";
    bool has_family_ = false;
    bool has_sample_ = false;
};

}  // namespace ringside::gateway
