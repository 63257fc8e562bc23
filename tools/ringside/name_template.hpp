#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/record.hpp"

namespace ringside::tools {

/// Derives a record's name from its document: `quake/{properties.net}/{id}`, dotted paths in
/// braces.
class NameTemplate {
public:
    /// Error: bad_name (an unmatched brace, an empty path).
    static Result<NameTemplate> parse(std::string_view text);

    /// A member whose key is the whole path, such as a CSV column `a.b`, takes precedence.
    /// Error: bad_input (the document has no such member, or it is neither a string nor an
    /// integer).
    [[nodiscard]] Result<std::string> name_of(const Value& document) const;

    /// Returns whether the names of different documents can differ.
    [[nodiscard]] bool has_placeholder() const noexcept;

private:
    /// Text, followed by the value at a path. The last part has no path.
    struct Part {
        std::string text;
        std::string whole_path;
        std::vector<std::string> path;
    };
    std::vector<Part> parts_;
};

}  // namespace ringside::tools
