#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/name/pattern.hpp"
#include "tools/gateway/access/identity.hpp"

namespace ringside::gateway {

/// A pattern with placeholders for properties of an identity: `{user}`, `{claim.NAME}`.
///
///     event/{claim.event}/**
///
/// A placeholder is a whole level. Its replacement passes `check_level`, so the name of a user
/// cannot add a level or a wildcard. Braces have no other use; a name that contains braces is
/// matched by `*`.
/// Thread safety: immutable.
class PatternTemplate {
public:
    /// Error: bad_pattern (also if a replacement could make it longer than a pattern may be).
    [[nodiscard]] static Result<PatternTemplate> parse(std::string_view text);

    /// Returns the pattern for an identity, or none if a claim is missing or cannot be a level.
    [[nodiscard]] std::optional<Pattern> fill(const Identity& identity) const;

    /// Returns the claims that the template names.
    [[nodiscard]] std::vector<std::string> claims() const;

private:
    enum class Kind { literal, user, claim };
    struct Level {
        Kind kind;
        std::string text;  ///< level, or name of the claim
    };

    PatternTemplate() = default;

    static Result<Level> parse_level(std::string_view text);

    std::vector<Level> levels_;
};

}  // namespace ringside::gateway
