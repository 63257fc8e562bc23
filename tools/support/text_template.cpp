#include "tools/support/text_template.hpp"

namespace ringside::tools {

Result<std::vector<TemplatePart>> parse_template(std::string_view text) {
    const auto bad = [whole = text](const char* what) {
        return Error(Errc::bad_name, "'" + std::string(whole) + "' " + what);
    };
    std::vector<TemplatePart> parts;
    while (true) {
        const std::size_t open = text.find('{');
        TemplatePart part{std::string(text.substr(0, open)), {}};
        if (part.text.find('}') != std::string::npos) return bad("has '}' without '{'");
        if (open == std::string_view::npos) {
            parts.push_back(std::move(part));
            return parts;
        }
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos) return bad("has '{' without '}'");
        part.placeholder = text.substr(open + 1, close - open - 1);
        parts.push_back(std::move(part));
        text.remove_prefix(close + 1);
    }
}

std::optional<std::vector<std::string>> split_dotted_path(std::string_view text) {
    std::vector<std::string> members;
    while (true) {
        const std::size_t dot = text.find('.');
        if (text.substr(0, dot).empty()) return std::nullopt;
        members.emplace_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return members;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace ringside::tools
