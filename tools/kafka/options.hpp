#pragma once

#include <cstdint>
#include <string>

#include "broker/daemon/log.hpp"
#include "shm/base/errc.hpp"
#include "tools/kafka/source/loader.hpp"

namespace ringside::kafka {

enum class Command : std::uint8_t { source, sink, load, ready, check };

/// The options of the program.
struct Options {
    Command command = Command::source;
    std::string config;  ///< the TOML file
    std::string grid;    ///< empty for that of the file
    std::string log_level = "info";
    std::string log_format = "text";
    std::string log_file;  ///< empty for standard error
    std::string sink;      ///< name of one sink; empty for all sinks of the file
    LoadArguments load;
    std::int64_t max_lag = 0;

    [[nodiscard]] daemon::LogOptions log() const {
        return {"ringside-kafka", log_level, log_format, log_file};
    }
};

/// The result of parsing the command line.
struct ParsedOptions {
    Options options;
    bool is_done = false;  ///< --help or --version has printed, or a flag is invalid: exit
    int status = 0;
};

ParsedOptions parse_options(int argc, const char* const* argv);

}  // namespace ringside::kafka
