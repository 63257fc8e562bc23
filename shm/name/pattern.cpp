#include "shm/name/pattern.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/name/glob.hpp"
#include "shm/name/name.hpp"

namespace ringside {

namespace {

using glob::Levels;

/// Returns whether `pattern` is `**`, or a sequence of `**` levels.
bool is_any_levels(std::string_view pattern) noexcept {
    Levels levels(pattern);
    while (!levels.is_end() && levels.level() == "**") levels.advance();
    return levels.is_end();
}

Error bad(std::string what) { return {Errc::bad_pattern, std::move(what)}; }

Result<void> check_level(std::string_view level) {
    if (level.empty()) return bad("empty level");
    if (level != "**" && level.find("**") != std::string_view::npos) {
        return bad("'**' is not a whole level: '" + std::string(level) + "'");
    }
    return {};
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
    if (text.empty()) return bad("empty");
    if (text.size() > limits::pattern_bytes_max) {
        return bad(std::to_string(text.size()) + " bytes");
    }
    if (!is_utf8(text)) return bad("not UTF-8");
    if (find_control_character(text) != std::string_view::npos) {
        return bad("control character");
    }
    for (Levels levels(text); !levels.is_end(); levels.advance()) {
        if (const auto checked = check_level(levels.level()); !checked) return checked.error();
    }
    return Pattern(text);
}

Pattern::Pattern(std::string_view text) : text_(text) {
    prefix_bytes_ = std::min(text.find('*'), text.size());
    const std::string_view rest = text.substr(prefix_bytes_);
    is_subtree_ = prefix_bytes_ != 0 && is_any_levels(rest);
    // `a/**` matches `a`, which has no '/': the separator is not part of the prefix.
    if (is_subtree_) --prefix_bytes_;
}

bool Pattern::matches(std::string_view name) const noexcept {
    if (is_reserved(name) && text_.front() == '*') return false;
    return glob::matches(text_, name, [] {});
}

bool Pattern::covers(const Pattern& other) const noexcept {
    if (text_ == other.text_) return true;
    if (other.is_literal()) return matches(other.text_);
    if (is_any_levels(text_)) return other.text_.front() != '$';
    if (!is_subtree_) return false;
    const std::string_view root = literal_prefix();
    const std::string_view begins = other.literal_prefix();
    if (!begins.starts_with(root)) return false;
    // `a/**` covers `a/b*` and `a/**`, but neither `ab*` nor `a*`.
    return begins.size() > root.size() ? begins[root.size()] == '/' : other.is_subtree_;
}

std::optional<std::string_view> Pattern::literal_first_level() const noexcept {
    const std::string_view level = first_level(text_);
    if (level.find('*') != std::string_view::npos) return std::nullopt;
    return level;
}

}  // namespace ringside
