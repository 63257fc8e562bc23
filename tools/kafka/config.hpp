#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/kafka/sink/options.hpp"
#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

/// The content of the configuration file of `ringside-kafka`.
struct Config {
    std::string grid = "default";
    std::optional<SourceOptions> source;  ///< none if the file has no [source]
    std::vector<SinkOptions> sinks;
};

/// Which parts of a file are read and checked.
enum class Reads : std::uint8_t {
    all,
    without_kafka,  ///< without Kafka's properties, whose variables need not be set, and without
                    ///< sinks
};

/// Reads and checks a file. Error: bad_configuration with file and line.
Result<Config> read_config(const std::string& path, Reads reads = Reads::all);

}  // namespace ringside::kafka
