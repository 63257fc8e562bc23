#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tools/gateway/access/identity.hpp"

namespace ringside::gateway::valve {

/// A kind of rule, by the action that it decides.
struct RuleType {
    Action action;
    std::string_view section;
    std::string_view name;
    bool has_data = false;
    bool has_old_data = false;
};

inline constexpr std::array<std::string_view, 4> sections = {"record", "event", "rpc", "presence"};

/// In the order of `Action`.
inline constexpr std::array<RuleType, all_actions.size()> rule_types = {{
    {Action::read, "record", "read", false, true},
    {Action::write, "record", "write", true, true},
    {Action::create, "record", "create"},
    {Action::remove, "record", "delete", false, true},
    {Action::publish, "event", "publish", true},
    {Action::subscribe, "event", "subscribe", true},
    {Action::call, "rpc", "request", true},
    {Action::provide, "rpc", "provide"},
    {Action::listen, "record", "listen"},
    {Action::listen_events, "event", "listen"},
    {Action::notify, "record", "notify"},
    {Action::presence, "presence", "allow"},
}};

/// Returns null if there is none.
[[nodiscard]] constexpr const RuleType* rule_type_of(std::string_view section,
                                                     std::string_view name) noexcept {
    for (const RuleType& type : rule_types) {
        if (type.section == section && type.name == name) return &type;
    }
    return nullptr;
}

}  // namespace ringside::gateway::valve
