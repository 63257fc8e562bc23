#pragma once

#include "tools/kafka/config.hpp"

namespace ringside::kafka {

/// Makes each client of librdkafka that the source and the sinks of a configuration need, and takes
/// it down again, without joining the group: whether the properties go together, and the files
/// that they name can be read. Does not wait for Kafka.
/// Error: bad_configuration, with the part of the file that is wrong.
Result<void> check_clients(const Config& config);

}  // namespace ringside::kafka
