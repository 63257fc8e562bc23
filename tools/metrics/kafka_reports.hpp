#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/metrics/record_copy.hpp"

namespace ringside::metrics {

/// What a running source or sink of Kafka reports in its record (docs/kafka.md).
struct KafkaReport {
    std::string name;    ///< of the group of a source, or of the sink
    std::string member;  ///< the process
    RecordCopy record;

    [[nodiscard]] std::string state() const {
        return std::string(record.value()["state"].as_string().value_or("?"));
    }
};

/// Reads the reports of all sources ("source") or sinks ("sink") of a grid, without a session.
[[nodiscard]] std::vector<KafkaReport> kafka_reports(const shm::SegmentView& segment,
                                                     std::string_view kind);

}  // namespace ringside::metrics
