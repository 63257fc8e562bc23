#pragma once

#include "tools/kafka/config.hpp"

namespace ringside::kafka {

/// Creates and destroys each librdkafka client that the source and the sinks of a configuration
/// need, without joining the group. Checks that the properties are compatible and that the files
/// they name can be read. Does not wait for Kafka.
/// Error: bad_configuration; the detail names the part of the file.
Result<void> check_clients(const Config& config);

}  // namespace ringside::kafka
