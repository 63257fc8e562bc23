#pragma once

#include <stop_token>
#include <string>

#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

struct LoadArguments {
    std::string file;
    std::string topic;         ///< whose rules map the lines
    bool is_envelope = false;  ///< see LineReader
    bool is_restart = false;   ///< begin with the first line, whatever was loaded before
};

/// Applies the lines of a file like messages of a topic, each exactly once. The position is the
/// number of the next line, in record `kafka/GROUP/FILE NAME/0`, and an interrupted load resumes
/// there. Refused lines are reported on standard error; a summary goes to standard output. Returns
/// false if lines were refused, or a stop was requested before the end.
/// Errors: bad_configuration; condition_failed if another process replaced the position, or if the
/// file has fewer lines than were applied; those of the grid that waiting cannot resolve.
Result<bool> load(const std::string& grid, const SourceOptions& options,
                  const LoadArguments& arguments, const std::stop_token& stop);

}  // namespace ringside::kafka
