#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::tools {

/// A part of a template such as `quake/{properties.net}/{id}`: text, and then what stands in
/// braces, which the last part does not have.
struct TemplatePart {
    std::string text;
    std::optional<std::string> placeholder;
};

/// Takes a template apart. Braces cannot be written as text.
/// Error: bad_name (a brace without its partner).
Result<std::vector<TemplatePart>> parse_template(std::string_view text);

/// The members that a path such as `properties.net` leads through; none where one is empty.
std::optional<std::vector<std::string>> split_dotted_path(std::string_view text);

}  // namespace ringside::tools
