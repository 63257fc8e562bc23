#pragma once

#include "shm/segment/segment.hpp"
#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// Writes the metrics that running sources and sinks of Kafka report in their records (see
/// docs/kafka.md). Writes nothing if there are none. Sources have the label `group`, sinks the
/// label `sink`, both the label `member`. Counters start at zero with each process. Reads the
/// segment without a session.
void write_kafka_metrics(MetricsWriter& writer, const shm::SegmentView& segment);

}  // namespace ringside::metrics
