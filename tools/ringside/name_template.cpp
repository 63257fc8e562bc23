#include "tools/ringside/name_template.hpp"

#include <algorithm>

#include "tools/support/text_template.hpp"

namespace ringside::tools {

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
    auto parts = parse_template(text);
    if (!parts) return parts.error();
    NameTemplate made;
    for (TemplatePart& part : *parts) {
        Part& added = made.parts_.emplace_back(Part{std::move(part.text), {}, {}});
        if (!part.placeholder) continue;
        auto path = split_dotted_path(*part.placeholder);
        if (!path)
            return Error(Errc::bad_name, "'" + std::string(text) + "' has an empty path in braces");
        added.whole_path = *part.placeholder;
        added.path = std::move(*path);
    }
    return made;
}

Result<std::string> NameTemplate::name_of(const Value& document) const {
    std::string name;
    for (const Part& part : parts_) {
        name += part.text;
        if (part.path.empty()) continue;
        Value value = document[std::string_view(part.whole_path)];
        if (!value.exists()) {
            value = document;
            for (const std::string& key : part.path) value = value[std::string_view(key)];
        }
        if (const auto text = value.as_string()) name += *text;
        else if (const auto number = value.as_int64()) name += std::to_string(*number);
        else if (const auto large = value.as_uint64()) name += std::to_string(*large);
        else
            return Error(Errc::bad_input,
                         "'" + part.whole_path +
                             (value.exists() ? "' is neither a string nor an integer"
                                             : "' is missing in the record, and --name uses it"));
    }
    return name;
}

bool NameTemplate::has_placeholder() const noexcept {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& part) { return !part.path.empty(); });
}

}  // namespace ringside::tools
