#include "shm/name/pattern.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/name/name.hpp"

namespace ringside {

namespace {

/// Whether one level matches, where only `*` is special. After a mismatch the last `*` takes one
/// character more; an earlier one never needs to, because what followed it is matched already.
bool level_matches(std::string_view pattern, std::string_view level) noexcept {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_taken = 0;
    while (n < level.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_taken = n;
        } else if (p < pattern.size() && pattern[p] == level[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++star_taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

/// Walks over the levels of a text, of which an empty text has one.
class Levels {
public:
    explicit Levels(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] bool is_end() const noexcept { return at_ > text_.size(); }
    [[nodiscard]] std::string_view level() const noexcept { return first_level(text_.substr(at_)); }
    void advance() noexcept { at_ += level().size() + 1; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/// Whether `pattern` is `**`, once or over and over.
bool is_any_levels(std::string_view pattern) noexcept {
    Levels levels(pattern);
    while (!levels.is_end() && levels.level() == "**") levels.advance();
    return levels.is_end();
}

Error bad(std::string what) { return {Errc::bad_pattern, std::move(what)}; }

Result<void> check_level(std::string_view level) {
    if (level.empty()) return bad("it has an empty level");
    if (level != "**" && level.find("**") != std::string_view::npos) {
        return bad("'**' stands beside other characters in '" + std::string(level) + "'");
    }
    return {};
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
    if (text.empty()) return bad("it is empty");
    if (text.size() > limits::pattern_bytes_max) {
        return bad("it has " + std::to_string(text.size()) + " bytes");
    }
    if (!is_utf8(text)) return bad("it is not UTF-8");
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
    });
    if (has_control) return bad("it has a control character");
    for (Levels levels(text); !levels.is_end(); levels.advance()) {
        if (const auto checked = check_level(levels.level()); !checked) return checked.error();
    }
    return Pattern(text);
}

Pattern::Pattern(std::string_view text) : text_(text) {
    prefix_bytes_ = std::min(text.find('*'), text.size());
    const std::string_view rest = text.substr(prefix_bytes_);
    is_subtree_ = prefix_bytes_ != 0 && is_any_levels(rest);
    // `a/**` matches `a`, which has no '/': the separator is no part of the prefix.
    if (is_subtree_) --prefix_bytes_;
}

bool Pattern::matches(std::string_view name) const noexcept {
    if (is_reserved(name) && text_.front() == '*') return false;
    Levels pattern(text_);
    Levels levels(name);
    // After a mismatch the last `**` takes one level more, as the last `*` does in a level.
    std::optional<Levels> after_any;
    Levels any_taken(name);
    while (!levels.is_end()) {
        if (!pattern.is_end() && pattern.level() == "**") {
            pattern.advance();
            after_any = pattern;
            any_taken = levels;
        } else if (!pattern.is_end() && level_matches(pattern.level(), levels.level())) {
            pattern.advance();
            levels.advance();
        } else if (after_any) {
            any_taken.advance();
            pattern = *after_any;
            levels = any_taken;
        } else {
            return false;
        }
    }
    while (!pattern.is_end() && pattern.level() == "**") pattern.advance();
    return pattern.is_end();
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
