#pragma once

#include <stop_token>
#include <string>

#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

struct LoadArguments {
    std::string file;
    std::string topic;         ///< whose rules map the lines
    bool is_envelope = false;  ///< see LineReader
    bool is_restart = false;   ///< from the first line, whatever was loaded before
};

/// Applies the lines of a file as if they were messages of a topic, each exactly once: the position
/// is the number of the next line, in record `kafka/GROUP/FILE NAME/0`, and a load that was
/// interrupted goes on there. Lines that are refused are told on standard error; a summary goes to
/// standard output. False: lines were refused, or it was told to stop before the end.
/// Errors: bad_configuration, those of the grid that waiting does not help.
Result<bool> load(const std::string& grid, const SourceOptions& options,
                  const LoadArguments& arguments, const std::stop_token& stop);

}  // namespace ringside::kafka
