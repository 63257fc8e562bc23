#include "tools/gateway/access/pattern_template.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"

namespace ringside::gateway {

namespace {

/// The longest text that can replace a placeholder, for checking a template.
const std::string& longest_filling() {
    static const std::string text(limits::user_bytes_max - 1, 'x');
    return text;
}

}  // namespace

Result<PatternTemplate::Level> PatternTemplate::parse_level(std::string_view text) {
    constexpr std::string_view claim_prefix = "{claim.";
    if (text.find_first_of("{}") == std::string_view::npos) {
        return Level{.kind = Kind::literal, .text = std::string(text)};
    }
    if (text == "{user}") return Level{.kind = Kind::user, .text = {}};
    if (text.starts_with(claim_prefix) && text.ends_with('}')) {
        const std::string_view claim =
            text.substr(claim_prefix.size(), text.size() - claim_prefix.size() - 1);
        if (!claim.empty() && claim.find_first_of("{}") == std::string_view::npos) {
            return Level{.kind = Kind::claim, .text = std::string(claim)};
        }
    }
    return Error(Errc::bad_pattern,
                 "level '" + std::string(text) +
                     "' has braces; use {user} or {claim.NAME} as a whole level");
}

Result<PatternTemplate> PatternTemplate::parse(std::string_view text) {
    PatternTemplate made;
    std::string longest;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        auto level = parse_level(text.substr(at, end - at));
        if (!level) return level.error();
        if (!made.levels_.empty()) longest += '/';
        longest += level->kind == Kind::literal ? level->text : longest_filling();
        made.levels_.push_back(std::move(*level));
        at = end + 1;
    }
    if (auto pattern = Pattern::parse(longest); !pattern) return pattern.error();
    return made;
}

std::optional<Pattern> PatternTemplate::fill(const Identity& identity) const {
    std::string text;
    for (const Level& level : levels_) {
        std::string_view filling = level.text;
        if (level.kind == Kind::user) filling = identity.user;
        if (level.kind == Kind::claim) {
            const auto claim = identity.claims.find(level.text);
            if (claim == identity.claims.end()) return std::nullopt;
            filling = claim->second;
        }
        if (level.kind != Kind::literal && !check_level(filling)) return std::nullopt;
        if (&level != &levels_.front()) text += '/';
        text += filling;
    }
    auto pattern = Pattern::parse(text);
    if (!pattern) return std::nullopt;
    return std::move(*pattern);
}

std::vector<std::string> PatternTemplate::claims() const {
    std::vector<std::string> names;
    for (const Level& level : levels_) {
        if (level.kind == Kind::claim) names.push_back(level.text);
    }
    return names;
}

}  // namespace ringside::gateway
