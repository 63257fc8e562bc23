#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/name/pattern.hpp"
#include "tools/gateway/access/identity.hpp"

namespace ringside::gateway {

/// A pattern in which levels may stand for something about an identity: `{user}`, `{claim.NAME}`.
///
///     event/{claim.event}/**
///
/// A placeholder is a whole level. What fills it passes `check_level`, so that nobody gains a level
/// or a wildcard by how they are called. Braces are not for anything else; a name that has some is
/// matched by `*`.
/// Thread safety: immutable.
class PatternTemplate {
public:
    /// Error: bad_pattern (also where it could become longer than a pattern may be).
    [[nodiscard]] static Result<PatternTemplate> parse(std::string_view text);

    /// The pattern of an identity; none where a claim is missing, or can fill no level.
    [[nodiscard]] std::optional<Pattern> fill(const Identity& identity) const;

    /// The claims that it names.
    [[nodiscard]] std::vector<std::string> claims() const;

private:
    enum class Kind { literal, user, claim };
    struct Level {
        Kind kind;
        std::string text;  ///< the level, or the claim's name
    };

    PatternTemplate() = default;

    static Result<Level> parse_level(std::string_view text);

    std::vector<Level> levels_;
};

}  // namespace ringside::gateway
