#pragma once

#include <string>
#include <utility>

#include "tests/gateway/exposition.hpp"
#include "tools/metrics/prometheus_text.hpp"

namespace ringside::testing {

/// Returns the text of the metrics that `write` passes to a MetricsWriter.
template <class Write>
std::string written_text(Write write) {
    metrics::PrometheusText text;
    write(text);
    return std::move(text).finish();
}

/// Returns these metrics as a strict parser reads them.
template <class Write>
Exposition written(Write write) {
    return Exposition::parse(written_text(write));
}

}  // namespace ringside::testing
