#pragma once

#include <stop_token>
#include <string>

#include "tools/kafka/kafka/properties.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// Runs the sinks of a configuration, or the one of that name, until they are asked to stop; prints
/// "ready" when all have begun. `common`: what `[kafka]` says.
/// Errors: bad_configuration; those of `run_sinks`.
Result<void> run_sink_command(const std::string& grid, const toml::table& root,
                              const tools::TomlFile& file, const Properties& common,
                              const std::string& name, const std::stop_token& stop);

}  // namespace ringside::kafka
