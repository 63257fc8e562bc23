#include "tools/metrics/prometheus_text.hpp"

#include <fmt/format.h>

#include <vector>

namespace ringside::metrics {

namespace {

/// Help texts do not escape quotation marks.
void append_escaped(std::string_view text, bool is_label, std::string& out) {
    for (const char c : text) {
        if (c == '\\') out += "\\\\";
        else if (c == '\n') out += "\\n";
        else if (c == '"' && is_label) out += "\\\"";
        else out += c;
    }
}

std::string prometheus_number(MetricValue value) {
    return std::visit([](auto number) { return fmt::format("{}", number); }, value);
}

}  // namespace

void PrometheusText::family(std::string_view name, MetricType type, std::string_view help) {
    family_ = name;
    text_ += fmt::format("# HELP {} ", name);
    append_escaped(help, false, text_);
    text_ += fmt::format("\n# TYPE {} {}\n", name, metrics::name(type));
}

void PrometheusText::sample(std::span<const MetricLabel> labels, MetricValue value) {
    line({}, labels, value);
}

void PrometheusText::histogram(std::span<const MetricLabel> labels,
                               std::span<const MetricBucket> buckets, double sum,
                               std::uint64_t count) {
    std::vector<MetricLabel> all(labels.begin(), labels.end());
    all.push_back({"le", {}});
    for (const MetricBucket& bucket : buckets) {
        const std::string bound = prometheus_number(bucket.upper_bound);
        all.back().value = bound;
        line("_bucket", all, bucket.count);
    }
    all.back().value = "+Inf";
    line("_bucket", all, count);
    line("_sum", labels, sum);
    line("_count", labels, count);
}

void PrometheusText::line(std::string_view suffix, std::span<const MetricLabel> labels,
                          MetricValue value) {
    (text_ += family_) += suffix;
    for (const MetricLabel& label : labels) {
        text_ += &label == labels.data() ? '{' : ',';
        (text_ += label.name) += "=\"";
        append_escaped(label.value, true, text_);
        text_ += '"';
    }
    if (!labels.empty()) text_ += '}';
    (text_ += ' ') += prometheus_number(value) += '\n';
}

}  // namespace ringside::metrics
