#include "tools/gateway/deepstream/decide.hpp"

#include <spdlog/spdlog.h>

namespace ringside::gateway::deepstream {

Decision decide(const Requester& requester, Action action, const std::string& name,
                const Evidence& evidence) {
    Decision decision = requester.permissions->decide(action, name, evidence);
    if (!decision.is_allowed) {
        spdlog::info("user '{}' is not permitted to {} '{}': {}", requester.identity->user,
                     gateway::name(action), name,
                     decision.rule.empty() ? "no rule allows it" : decision.rule);
    }
    return decision;
}

}  // namespace ringside::gateway::deepstream
