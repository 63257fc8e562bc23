#include "tools/gateway/metrics/metrics_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "shm/document/json.hpp"

namespace ringside::gateway {

namespace {

std::string json_of(metrics::MetricValue value) {
    if (const auto* number = std::get_if<double>(&value)) {
        return std::isfinite(*number) ? fmt::format("{}", *number) : "null";
    }
    return fmt::format("{}", std::get<std::uint64_t>(value));
}

}  // namespace

void MetricsJson::family(std::string_view name, metrics::MetricType type, std::string_view help) {
    if (std::exchange(has_family_, true)) text_ += "]},";
    has_sample_ = false;
    append_json_string(name, text_);
    text_ += fmt::format(R"(:{{"type":"{}","help":)", metrics::name(type));
    append_json_string(help, text_);
    text_ += R"(,"samples":[)";
}

void MetricsJson::sample(std::span<const metrics::MetricLabel> labels, metrics::MetricValue value) {
    begin_sample(labels);
    text_ += fmt::format(R"("value":{}}})", json_of(value));
}

void MetricsJson::histogram(std::span<const metrics::MetricLabel> labels,
                            std::span<const metrics::MetricBucket> buckets, double sum,
                            std::uint64_t count) {
    begin_sample(labels);
    text_ += R"("buckets":[)";
    for (const metrics::MetricBucket& bucket : buckets) {
        if (&bucket != buckets.data()) text_ += ',';
        text_ +=
            fmt::format(R"({{"le":{},"count":{}}})", json_of(bucket.upper_bound), bucket.count);
    }
    text_ += fmt::format(R"(],"sum":{},"count":{}}})", json_of(sum), count);
}

void MetricsJson::begin_sample(std::span<const metrics::MetricLabel> labels) {
    if (std::exchange(has_sample_, true)) text_ += ',';
    text_ += R"({"labels":{)";
    for (const metrics::MetricLabel& label : labels) {
        if (&label != labels.data()) text_ += ',';
        append_json_string(label.name, text_);
        text_ += ':';
        append_json_string(label.value, text_);
    }
    text_ += "},";
}

std::string MetricsJson::finish() && {
    if (has_family_) text_ += "]}";
    text_ += '}';
    return std::move(text_);
}

}  // namespace ringside::gateway
