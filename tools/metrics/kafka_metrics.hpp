#pragma once

#include "ringside/snapshot.hpp"
#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// Writes what the sources and sinks of Kafka that run on the grid report in their records (see
/// docs/kafka.md); nothing where none do. Sources are labelled with `group`, sinks with `sink`, both
/// with `member`. Counters begin again with each process.
void write_kafka_metrics(MetricsWriter& writer, const Snapshot& snapshot);

}  // namespace ringside::metrics
