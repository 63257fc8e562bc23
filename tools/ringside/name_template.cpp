#include "tools/ringside/name_template.hpp"

namespace ringside::tools {

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
    const auto bad = [&](const char* what) {
        return Error(Errc::bad_name, "'" + std::string(text) + "' " + what);
    };
    NameTemplate made;
    while (true) {
        const std::size_t open = text.find('{');
        Part part{std::string(text.substr(0, open)), {}};
        if (part.text.find('}') != std::string::npos) return bad("has a '}' without its '{'");
        if (open == std::string_view::npos) {
            made.parts_.push_back(std::move(part));
            return made;
        }
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos) return bad("has a '{' without its '}'");
        std::string_view path = text.substr(open + 1, close - open - 1);
        while (true) {
            const std::size_t dot = path.find('.');
            if (path.substr(0, dot).empty()) return bad("has an empty path");
            part.path.emplace_back(path.substr(0, dot));
            if (dot == std::string_view::npos) break;
            path.remove_prefix(dot + 1);
        }
        made.parts_.push_back(std::move(part));
        text.remove_prefix(close + 1);
    }
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
