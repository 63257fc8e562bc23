#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

/// A rule as it stands in a file.
struct FileRule {
    std::string section;
    std::string path;
    std::string type;
    std::variant<bool, std::string> rule;
    int line = 0;
};

/// The rules of a file (JSON or YAML), in its order, when the sections, rule types and paths are
/// such as deepstream takes: each section has `*`.
/// Errors: bad_configuration, with file and line.
[[nodiscard]] Result<std::vector<FileRule>> read_rule_file(const std::filesystem::path& file);
/// The same of its text; `file` is for errors.
[[nodiscard]] Result<std::vector<FileRule>> parse_rule_file(std::string_view text,
                                                            const std::filesystem::path& file);

}  // namespace ringside::gateway::valve
