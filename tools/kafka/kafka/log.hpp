#pragma once

#include <librdkafka/rdkafka.h>

namespace ringside::kafka {

/// Has what librdkafka says go to the log of this process: of each kind of message at most one in
/// ten seconds, with how many were left out since. What only says that a property has no effect
/// here, as it is for the other kind of client, is left out.
void log_to_spdlog(rd_kafka_conf_t& configuration) noexcept;

}  // namespace ringside::kafka
