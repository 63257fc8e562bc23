#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/access/permissions.hpp"
#include "tools/gateway/http/problem.hpp"

namespace ringside::gateway {

/// The identity for which an operation is done, with its permissions.
struct Requester {
    std::shared_ptr<const Identity> identity;
    std::shared_ptr<const Permissions> permissions;
    /// The address of an unknown client; see `account`.
    std::string address{};

    /// Returns the account that pays for the use of the gateway: the user, or the address of an
    /// unknown client. User names contain no '/', so a user cannot have the name of an address.
    [[nodiscard]] std::string account() const {
        return identity->is_anonymous && !address.empty() ? "address/" + address : identity->user;
    }
    [[nodiscard]] bool may(Action action, std::string_view name, const Evidence& evidence) const {
        return permissions->decide(action, name, evidence).is_allowed;
    }
    /// Returns the problem for a denied action, and logs the rule. Returns none if it is allowed.
    [[nodiscard]] std::optional<Problem> refuse(Action action, std::string_view name,
                                                const Evidence& evidence) const;
    /// Refuses if no name that the pattern matches is allowed.
    [[nodiscard]] std::optional<Problem> refuse_pattern(Action action,
                                                        const Pattern& pattern) const;
    /// Refuses unless every record is allowed.
    [[nodiscard]] std::optional<Problem> refuse_unless_all(Action action) const;
};

}  // namespace ringside::gateway
