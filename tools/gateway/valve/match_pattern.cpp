#include "tools/gateway/valve/match_pattern.hpp"

#include "tools/gateway/valve/string_piece.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside::gateway::valve {

namespace {

// White space of JavaScript, and the rest, for use within brackets.
constexpr std::string_view blanks =
    "\\t\\n\\x0b\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
    "\\x{3000}\\x{feff}";
constexpr std::string_view not_blanks =
    "\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"
    "\\x{ff00}-\\x{10ffff}";

Error refused_pattern(std::string why) {
    return {Errc::bad_configuration, "pattern: " + std::move(why)};
}

constexpr bool is_hex(std::string_view text) noexcept {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// Translates a JavaScript pattern to RE2's syntax where the two differ.
class Translation {
public:
    explicit Translation(std::string_view pattern, bool dot_takes_lines) noexcept
        : pattern_(pattern), dot_takes_lines_(dot_takes_lines) {}

    Result<std::string> make() {
        while (at_ < pattern_.size()) {
            const char c = pattern_[at_++];
            if (c == '\\') {
                if (auto done = escape(); !done) return done.error();
            } else if (is_in_class_) {
                in_class(c);
            } else if (c == '(' && rest().starts_with("?") && !rest().starts_with("?:")) {
                return refused_pattern("unsupported group that starts with (?; use (?:…)");
            } else if (c == '[') {
                is_in_class_ = true;
                made_ += '[';
                if (rest().starts_with("^")) made_ += pattern_[at_++];
                // Any character, or none, for which RE2 has no brackets.
                if (rest().starts_with("]")) return refused_pattern("empty brackets");
            } else if (c == '.' && !dot_takes_lines_) {
                made_ += "[^\\n\\r\\x{2028}\\x{2029}]";
            } else {
                made_ += c;
            }
        }
        return std::move(made_);
    }

private:
    [[nodiscard]] std::string_view rest() const noexcept { return pattern_.substr(at_); }

    void in_class(char c) {
        if (c == ']') is_in_class_ = false;
        if (c == '[') made_ += '\\';  // RE2 has named classes
        made_ += c;
    }

    Result<void> escape() {
        if (at_ == pattern_.size()) return refused_pattern("ends with a backslash");
        const char c = pattern_[at_++];
        switch (c) {
            case 'd':
            case 'D':
            case 'w':
            case 'W':
            case 'n':
            case 'r':
            case 't':
            case 'f': made_ += {'\\', c}; return {};
            case 'v': made_ += "\\x0b"; return {};
            case 's': set(blanks); return {};
            case 'S': set(not_blanks); return {};
            case 'b':
            case 'B':
                if (is_in_class_ && c == 'b') made_ += "\\x08";
                else if (is_in_class_) break;
                else made_ += {'\\', c};
                return {};
            case 'x': return code(2);
            case 'u': return code(4);
            case '0':
                if (!rest().empty() && rest().front() >= '0' && rest().front() <= '9') break;
                made_ += "\\x00";
                return {};
            default: break;
        }
        const bool is_letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                        (c >= 'A' && c <= 'Z') || c == '_' ||
                                        static_cast<unsigned char>(c) >= 0x80;
        if (is_letter_or_digit)
            return refused_pattern("unsupported escape '\\" + std::string(1, c) + "'");
        made_ += {'\\', c};
        return {};
    }

    Result<void> code(std::size_t digits) {
        const std::string_view text = rest().substr(0, digits);
        if (text.size() != digits || !is_hex(text))
            return refused_pattern("too few digits in an escape");
        if (digits == 4 && (text[0] == 'd' || text[0] == 'D') && text[1] >= '8') {
            return refused_pattern("unpaired surrogate");
        }
        made_ += "\\x{" + std::string(text) + "}";
        at_ += digits;
        return {};
    }

    void set(std::string_view members) {
        if (is_in_class_) made_ += members;
        else made_ += "[" + std::string(members) + "]";
    }

    std::string_view pattern_;
    bool dot_takes_lines_;
    std::size_t at_ = 0;
    bool is_in_class_ = false;
    std::string made_;
};

}  // namespace

Result<MatchPattern> MatchPattern::make(std::string_view pattern, std::string_view flags) {
    if (pattern.size() > valve_limits::pattern_bytes_max) {
        return refused_pattern("more than " + std::to_string(valve_limits::pattern_bytes_max) +
                               " bytes");
    }
    if (flags.find_first_not_of("gimsu") != std::string_view::npos) {
        return refused_pattern("unsupported flag; use g, i, m, s and u");
    }
    const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
    auto translated = Translation(pattern, has('s')).make();
    if (!translated) return translated.error();
    RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!has('i'));
    options.set_dot_nl(has('s'));
    options.set_max_mem(static_cast<std::int64_t>(valve_limits::compiled_pattern_bytes_max));
    auto compiled = std::make_unique<RE2>((has('m') ? "(?m)" : "") + *translated, options);
    if (!compiled->ok()) return refused_pattern(compiled->error());
    return MatchPattern(std::move(compiled), has('g'));
}

Result<MatchPattern::Matches> MatchPattern::match(std::string_view text) const {
    if (text.size() > valve_limits::match_subject_bytes_max) {
        return Error(Errc::document_too_large,
                     "match() takes strings of at most " +
                         std::to_string(valve_limits::match_subject_bytes_max) + " bytes");
    }
    const auto count = static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()) + 1;
    std::vector<re2::StringPiece> found(is_global_ ? 1 : count);
    const auto find_from = [&](std::size_t at) {
        return compiled_->Match(piece(text), at, text.size(), RE2::UNANCHORED, found.data(),
                                static_cast<int>(found.size()));
    };
    Matches matches;
    std::size_t at = 0;
    while (at <= text.size() && find_from(at)) {
        if (is_global_ && matches.size() == valve_limits::matches_max) {
            return Error(Errc::document_too_large, "match() found more than " +
                                                       std::to_string(valve_limits::matches_max) +
                                                       " matches");
        }
        for (const re2::StringPiece& group : found) {
            if (group.data() == nullptr) matches.emplace_back(std::nullopt);
            else matches.emplace_back(std::string_view(group.data(), group.size()));
        }
        if (!is_global_) break;
        const auto end = static_cast<std::size_t>(found[0].data() + found[0].size() - text.data());
        at = found[0].empty() ? end + 1 : end;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    }
    return matches;
}

}  // namespace ringside::gateway::valve
