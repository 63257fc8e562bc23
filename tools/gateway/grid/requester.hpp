#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/access/permissions.hpp"
#include "tools/gateway/http/problem.hpp"

namespace ringside::gateway {

/// For whom something is done, and what that one may do.
struct Requester {
    std::shared_ptr<const Identity> identity;
    std::shared_ptr<const Permissions> permissions;
    /// The address of one who is not known; see `account`.
    std::string address{};

    /// Whose share of the gateway this uses: the user's, or that of an address where the user is
    /// not known. No user is named like an address: users have no '/'.
    [[nodiscard]] std::string account() const {
        return identity->is_anonymous && !address.empty() ? "address/" + address : identity->user;
    }
    [[nodiscard]] bool may(Action action, std::string_view name, const Evidence& evidence) const {
        return permissions->decide(action, name, evidence).is_allowed;
    }
    /// The answer to one who may not; the rule that says so is logged. None: it is allowed.
    [[nodiscard]] std::optional<Problem> refuse(Action action, std::string_view name,
                                                const Evidence& evidence) const;
    /// The same where nothing that a pattern matches is allowed.
    [[nodiscard]] std::optional<Problem> refuse_pattern(Action action,
                                                        const Pattern& pattern) const;
    /// The same where not every record may be met.
    [[nodiscard]] std::optional<Problem> refuse_unless_all(Action action) const;
};

}  // namespace ringside::gateway
