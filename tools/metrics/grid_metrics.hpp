#pragma once

#include <string>

#include "shm/segment/segment.hpp"
#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// Writes the figures of a grid: what its broker keeps in the header of its segment. Maps the
/// segment anew each time, so that the one is read that is there now, also after its broker was
/// replaced; costs a few system calls and reads some 500 KiB.
///
/// Of a grid that is not there, and of one that has ended, nothing but `ringside_up` 0 is written.
/// One whose broker has died is there still: its figures are written, with `ringside_up` 0.
/// REQUIRES: `grid` is the name of a grid.
void write_grid_metrics(MetricsWriter& writer, const std::string& grid);

/// The same of a segment that is mapped, whatever its state, without `ringside_up`.
void write_segment_metrics(MetricsWriter& writer, const shm::SegmentView& segment);

}  // namespace ringside::metrics
