#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

std::string_view name(MetricType type) noexcept {
    switch (type) {
        case MetricType::counter: return "counter";
        case MetricType::gauge: return "gauge";
        case MetricType::histogram: return "histogram";
    }
    return "untyped";
}

}  // namespace ringside::metrics
