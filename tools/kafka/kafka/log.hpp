#pragma once

#include <librdkafka/rdkafka.h>

namespace ringside::kafka {

/// Sends librdkafka's log to the log of this process: at most one message of each kind in ten
/// seconds, with the number of omitted ones. Omits messages that a property has no effect because
/// it is for the other kind of client.
void log_to_spdlog(rd_kafka_conf_t& configuration) noexcept;

}  // namespace ringside::kafka
