#include "tools/gateway/access/identity.hpp"

#include <algorithm>

#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside::gateway {

std::string_view name(Action action) noexcept {
    switch (action) {
        case Action::read: return "read";
        case Action::write: return "write";
        case Action::create: return "create";
        case Action::remove: return "delete";
        case Action::publish: return "publish";
        case Action::subscribe: return "subscribe";
        case Action::call: return "call";
        case Action::provide: return "provide";
        case Action::listen: return "listen";
        case Action::listen_events: return "listen_events";
        case Action::notify: return "notify";
        case Action::presence: return "presence";
    }
    return "unknown";
}

std::optional<Action> action_of(std::string_view text) noexcept {
    const auto* found = std::find_if(all_actions.begin(), all_actions.end(),
                                     [&](Action action) { return name(action) == text; });
    if (found == all_actions.end()) return std::nullopt;
    return *found;
}

Result<void> check_level(std::string_view text) {
    if (text.empty()) return Error(Errc::bad_user, "empty");
    if (is_reserved(text)) return Error(Errc::bad_user, "starts with '$'");
    return system_name::check_user(text);
}

}  // namespace ringside::gateway
