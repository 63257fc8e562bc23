#include "tools/ringside/name_template.hpp"

#include "tools/support/text_template.hpp"

namespace ringside::tools {

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
    auto parts = parse_template(text);
    if (!parts) return parts.error();
    NameTemplate made;
    for (TemplatePart& part : *parts) {
        Part& added = made.parts_.emplace_back(Part{std::move(part.text), {}});
        if (!part.placeholder) continue;
        auto path = split_dotted_path(*part.placeholder);
        if (!path) return Error(Errc::bad_name, "'" + std::string(text) + "' has an empty path");
        added.path = std::move(*path);
    }
    return made;
}

Result<std::string> NameTemplate::name_of(const Value& document) const {
    std::string name;
    for (const Part& part : parts_) {
        name += part.text;
        if (part.path.empty()) continue;
        Value value = document;
        std::string shown;
        for (const std::string& key : part.path) {
            value = value[std::string_view(key)];
            shown += (shown.empty() ? "" : ".") + key;
        }
        if (const auto text = value.as_string()) name += *text;
        else if (const auto number = value.as_int64()) name += std::to_string(*number);
        else if (const auto large = value.as_uint64()) name += std::to_string(*large);
        else return Error(Errc::path_not_found, "'" + shown + "' is no string or integer");
    }
    return name;
}

}  // namespace ringside::tools
