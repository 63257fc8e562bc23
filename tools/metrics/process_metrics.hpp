#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "tools/metrics/metrics_writer.hpp"

namespace ringside::metrics {

/// A process whose resources are reported.
struct MonitoredProcess {
    std::string program;  ///< value of the label
    pid_t pid = 0;
};

/// Resources of a process at one time.
struct ProcessFigures {
    double cpu_seconds = 0;
    double start_time_seconds = 0;  ///< Unix time
    std::uint64_t resident_bytes = 0;
    std::optional<std::uint64_t> open_descriptors;  ///< none: not readable by this user
    std::optional<std::uint64_t> max_descriptors;
};

/// Reads /proc. Returns nothing if there is no such process, or /proc does not show it.
[[nodiscard]] std::optional<ProcessFigures> read_process(pid_t pid);

/// Writes the families `process_*` of Prometheus' client libraries, with the label `program`.
void write_process_metrics(MetricsWriter& writer, std::span<const MonitoredProcess> processes);

}  // namespace ringside::metrics
