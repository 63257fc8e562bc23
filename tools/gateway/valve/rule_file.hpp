#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

/// A rule in a file.
struct FileRule {
    std::string section;
    std::string path;
    std::string type;
    std::variant<bool, std::string> rule;
    int line = 0;
};

/// Reads the rules of a file (JSON or YAML), in its order. Checks sections, rule types and paths as
/// deepstream does: each section has `*`.
/// Errors: bad_configuration, with file and line.
[[nodiscard]] Result<std::vector<FileRule>> read_rule_file(const std::filesystem::path& file);
/// Parses the text of such a file; `file` is for errors.
[[nodiscard]] Result<std::vector<FileRule>> parse_rule_file(std::string_view text,
                                                            const std::filesystem::path& file);

}  // namespace ringside::gateway::valve
