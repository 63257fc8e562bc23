#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ringside/client.hpp"
#include "tools/gateway/grid/outcome.hpp"

namespace ringside::gateway {

/// What must hold of a record's version: RFC 9110, 13.1.1 and 13.1.2, where an entity tag is a
/// version in quotes.
class Preconditions {
public:
    Preconditions() = default;
    /// The values of If-Match and If-None-Match; empty: not given. Problem: 400.
    static Outcome<Preconditions> parse(std::string_view match, std::string_view none_match);

    [[nodiscard]] bool empty() const noexcept { return !match_ && !none_match_; }
    /// `version`: of the record; none: there is none.
    [[nodiscard]] bool hold(std::optional<Version> version) const noexcept {
        return (!match_ || match_->has(version)) && !is_known(version);
    }
    /// Whether If-None-Match names that version: its requester has it already.
    [[nodiscard]] bool is_known(std::optional<Version> version) const noexcept {
        return none_match_ && none_match_->has(version);
    }

private:
    struct Tags {
        bool is_any = false;  ///< `*`
        std::vector<Version> versions;
        [[nodiscard]] bool has(std::optional<Version> version) const noexcept;
    };
    static Outcome<std::optional<Tags>> parse_tags(std::string_view header, bool takes_weak);

    std::optional<Tags> match_;
    std::optional<Tags> none_match_;
};

/// `"7"`
[[nodiscard]] std::string entity_tag(Version version);

}  // namespace ringside::gateway
