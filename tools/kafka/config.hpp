#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/kafka/sink/options.hpp"
#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

/// What the configuration file of `ringside-kafka` says.
struct Config {
    std::string grid = "default";
    std::optional<SourceOptions> source;  ///< none: the file has no [source]
    std::vector<SinkOptions> sinks;
};

/// What of a file is read and checked.
enum class Reads : std::uint8_t {
    all,
    without_kafka,  ///< neither properties of Kafka, whose variables need not be set, nor sinks
};

/// Reads and checks a file. Error: bad_configuration with file and line.
Result<Config> read_config(const std::string& path, Reads reads = Reads::all);

}  // namespace ringside::kafka
