#pragma once

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

/// Reads and checks all of a file. Error: bad_configuration with file and line.
Result<Config> read_config(const std::string& path);

}  // namespace ringside::kafka
