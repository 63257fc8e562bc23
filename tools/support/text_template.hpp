#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::tools {

/// A part of a template such as `quake/{properties.net}/{id}`: text, followed by the content of
/// braces, which the last part does not have.
struct TemplatePart {
    std::string text;
    std::optional<std::string> placeholder;
};

/// Parses a template. Braces cannot be written as text.
/// Error: bad_name (an unmatched brace).
Result<std::vector<TemplatePart>> parse_template(std::string_view text);

/// Splits a path such as `properties.net` into members. Returns none if a member is empty.
std::optional<std::vector<std::string>> split_dotted_path(std::string_view text);

}  // namespace ringside::tools
