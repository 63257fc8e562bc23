#include "tools/gateway/grid/requester.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace ringside::gateway {

namespace {

Problem denied(Action action, std::string_view what) {
    return {403, "permission_denied", fmt::format("not permitted to {} '{}'", name(action), what)};
}

}  // namespace

std::optional<Problem> Requester::refuse(Action action, std::string_view what,
                                         const Evidence& evidence) const {
    const Decision decision = permissions->decide(action, what, evidence);
    if (decision.is_allowed) return std::nullopt;
    if (decision.has_failed) {
        spdlog::warn("user '{}' is not permitted to {} '{}' because {} failed: {}", identity->user,
                     name(action), what, decision.rule, decision.failure);
        return denied(action, what);
    }
    spdlog::info("user '{}' is not permitted to {} '{}': {}", identity->user, name(action), what,
                 decision.rule.empty() ? "no rule allows it" : decision.rule);
    return denied(action, what);
}

std::optional<Problem> Requester::refuse_pattern(Action action, const Pattern& pattern) const {
    if (permissions->coverage(action, pattern) != Coverage::none) return std::nullopt;
    spdlog::info("user '{}' is permitted to {} nothing of '{}'", identity->user, name(action),
                 pattern.text());
    return denied(action, pattern.text());
}

std::optional<Problem> Requester::refuse_unless_all(Action action) const {
    if (permissions->allows_all(action)) return std::nullopt;
    spdlog::info("user '{}' is not permitted to {} everything", identity->user, name(action));
    return denied(action, "**");
}

}  // namespace ringside::gateway
