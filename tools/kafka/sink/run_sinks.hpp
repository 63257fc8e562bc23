#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "tools/kafka/sink/options.hpp"

namespace ringside::kafka {

/// Checks that the properties of each sink are compatible. Does not wait for Kafka.
/// Error: bad_configuration, with the name of the sink.
Result<void> check_sinks(const std::vector<SinkOptions>& sinks);

/// Waits for the grid and runs sinks, each in a separate thread, until a stop is requested or one
/// fails, which stops the others. `on_ready` is called once, when all have begun (see `Sink::run`).
/// Errors: those of `attach`, `Sink::open` and `Sink::run`.
Result<void> run_sinks(const std::string& grid, const std::vector<SinkOptions>& sinks,
                       const std::stop_token& stop, const std::function<void()>& on_ready);

}  // namespace ringside::kafka
