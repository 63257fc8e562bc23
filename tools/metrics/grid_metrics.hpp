#pragma once

#include <string>
#include <vector>

#include "shm/segment/segment.hpp"
#include "tools/metrics/metrics_writer.hpp"
#include "tools/metrics/process_metrics.hpp"

namespace ringside::metrics {

/// Writes the metrics of a grid: the figures in its segment, the reports of Kafka sources and
/// sinks, and the resources of the broker and of `processes`. Maps the segment again in each call,
/// so that the metrics are those of the current segment. Needs no session: works at once if the
/// broker hangs or is dead. Costs a few system calls and reads some 500 KiB.
///
/// Writes only `ringside_up` 0 and `processes` if the grid does not exist or has ended. If only its
/// broker has died, the figures of the segment are written, with `ringside_up` 0.
/// REQUIRES: `grid` is the name of a grid.
void write_grid_metrics(MetricsWriter& writer, const std::string& grid,
                        std::vector<MonitoredProcess> processes = {});

/// Writes the figures of a mapped segment, whatever its state, without `ringside_up`.
void write_segment_metrics(MetricsWriter& writer, const shm::SegmentView& segment);

}  // namespace ringside::metrics
