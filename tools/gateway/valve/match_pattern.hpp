#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

/// The argument of `match(…)`: a JavaScript pattern (ECMA-262, 22.2), as far as an automaton can
/// match it: no back references and no lookaround. Its cost is bounded by the size of the pattern
/// times that of the text.
/// Thread safety: immutable.
class MatchPattern {
public:
    /// Flags: g, i, m, s and u. Error: bad_configuration.
    [[nodiscard]] static Result<MatchPattern> make(std::string_view pattern,
                                                   std::string_view flags);

    /// The result of `String.prototype.match`: the first match and its groups, or all matches if
    /// the pattern has the flag g. Empty if nothing matches. A group that did not participate is
    /// none.
    using Matches = std::vector<std::optional<std::string_view>>;
    /// REQUIRES: `text` is UTF-8. Error: document_too_large (the text, or the list of matches).
    [[nodiscard]] Result<Matches> match(std::string_view text) const;

private:
    MatchPattern(std::unique_ptr<RE2> compiled, bool is_global) noexcept
        : compiled_(std::move(compiled)), is_global_(is_global) {}

    std::unique_ptr<RE2> compiled_;
    bool is_global_;
};

}  // namespace ringside::gateway::valve
