#include "tools/gateway/valve/path.hpp"

#include <algorithm>

#include "tools/gateway/valve/string_piece.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside::gateway::valve {

namespace {

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Returns the variable that begins with the '$' at `at`, or an empty text if the '$' is literal.
std::string_view variable_at(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at + 1;
    while (end < text.size() && is_letter_or_digit(text[end])) ++end;
    return end == at + 1 ? std::string_view() : text.substr(at, end - at);
}

/// Returns whether a text has a character that `.` in JavaScript's regular expressions does not
/// match.
bool has_line_end(std::string_view text) noexcept {
    return text.find_first_of("\n\r") != std::string_view::npos ||
           text.find("\u2028") != std::string_view::npos ||
           text.find("\u2029") != std::string_view::npos;
}

Error refused_path(std::string why) { return {Errc::bad_configuration, std::move(why)}; }

}  // namespace

Result<Path> Path::parse(std::string_view text) {
    if (text.empty()) return refused_path("empty path");
    if (text.front() == '/') return refused_path("path must not start with '/'");
    if (text.size() > valve_limits::path_bytes_max) {
        return refused_path("path has more than " + std::to_string(valve_limits::path_bytes_max) +
                            " bytes");
    }
    Path path(text);
    path.prefix_bytes_ = text.size();
    std::string expression;
    for (std::size_t at = 0; at < text.size();) {
        const auto variable = text[at] == '$' ? variable_at(text, at) : std::string_view();
        const bool stands_for_others = text[at] == '*' || !variable.empty();
        if (stands_for_others) path.prefix_bytes_ = std::min(path.prefix_bytes_, at);
        if (text[at] == '*') {
            expression += "[^\\n\\r\\x{2028}\\x{2029}]*";
            ++at;
        } else if (!variable.empty()) {
            expression += "([^/]+)";
            path.variables_.emplace_back(variable);
            at += variable.size();
        } else {
            expression += RE2::QuoteMeta(piece(text.substr(at, 1)));
            ++at;
        }
    }
    if (path.variables_.size() > valve_limits::path_variables_max) {
        return refused_path("path has more than " +
                            std::to_string(valve_limits::path_variables_max) + " variables");
    }
    if (path.is_literal() || path.takes_all_of_prefix()) return path;
    RE2::Options options;
    options.set_log_errors(false);
    path.expression_ = std::make_unique<RE2>(expression, options);
    if (!path.expression_->ok()) return refused_path("path: " + path.expression_->error());
    return path;
}

std::optional<std::vector<std::string>> Path::match(std::string_view name) const {
    if (!name.starts_with(prefix())) return std::nullopt;
    if (expression_ == nullptr) {
        const std::string_view rest = name.substr(prefix().size());
        if (is_literal() ? !rest.empty() : has_line_end(rest)) return std::nullopt;
        return std::vector<std::string>();
    }
    std::vector<re2::StringPiece> found(variables_.size() + 1);
    if (!expression_->Match(piece(name), 0, name.size(), RE2::ANCHOR_BOTH, found.data(),
                            static_cast<int>(found.size()))) {
        return std::nullopt;
    }
    std::vector<std::string> values;
    for (std::size_t at = 1; at < found.size(); ++at) values.push_back(found[at].as_string());
    return values;
}

}  // namespace ringside::gateway::valve
