#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/record.hpp"

namespace ringside::tools {

/// Makes a record's name from its document: `quake/{properties.net}/{id}`, dotted paths in braces.
class NameTemplate {
public:
    /// Error: bad_name (a brace without its partner, an empty path).
    static Result<NameTemplate> parse(std::string_view text);

    /// A member whose key is the whole path, as of a CSV column `a.b`, comes first.
    /// Error: bad_input (the document has no such member, or it is no string or integer).
    [[nodiscard]] Result<std::string> name_of(const Value& document) const;

    /// Returns whether the names of different documents can differ.
    [[nodiscard]] bool has_placeholder() const noexcept;

private:
    /// Text, and then the value that a path leads to; the last part has no path.
    struct Part {
        std::string text;
        std::string whole_path;
        std::vector<std::string> path;
    };
    std::vector<Part> parts_;
};

}  // namespace ringside::tools
