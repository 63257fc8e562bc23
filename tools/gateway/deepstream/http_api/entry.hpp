#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/gateway/deepstream/wire/actions.hpp"

namespace ringside::gateway::deepstream {

/// The answer to one message of a request to the HTTP API: a JSON object.
struct Entry {
    std::string json;
    bool is_success = false;
};

/// An action of the protocol with its number and its name, which an entry tells.
struct NamedAction {
    template <class Action>
    constexpr NamedAction(Action action, std::string_view its_name) noexcept
        : number(static_cast<std::int32_t>(action)), name(its_name) {}
    std::int32_t number;
    std::string_view name;
};

// What follows makes them, in deepstream's words. `name`: of the record, event or call; UTF-8.

[[nodiscard]] Entry succeeded();
/// `data`: JSON.
[[nodiscard]] Entry read_succeeded(std::int32_t version, std::string_view data);
[[nodiscard]] Entry head_succeeded(std::int32_t version);
/// `data`: JSON; empty: none.
[[nodiscard]] Entry call_succeeded(std::string_view data);
/// `users`: JSON.
[[nodiscard]] Entry query_succeeded(std::string_view users);

[[nodiscard]] Entry emit_denied();
/// `event`: MESSAGE_DENIED, as the topic numbers it.
[[nodiscard]] Entry denied(Topic topic, std::int32_t event, NamedAction action);
[[nodiscard]] Entry record_not_found(std::string_view name);
/// A write that is bound to a version. `data`: the record as it is; empty: there is none.
[[nodiscard]] Entry version_exists(std::string_view name, std::int32_t version,
                                   std::string_view data);
[[nodiscard]] Entry invalid_version(std::string_view name, std::int32_t version,
                                    std::string_view data);
/// The provider has answered so. `data`: JSON; empty: none.
[[nodiscard]] Entry call_failed(std::string_view data);
[[nodiscard]] Entry no_provider(std::string_view name);
[[nodiscard]] Entry call_timed_out();
/// Whatever else may happen. `name`: empty where there is none.
[[nodiscard]] Entry failed(Topic topic, NamedAction event, std::string_view name);

// Of the request.
[[nodiscard]] Entry request_timed_out();
[[nodiscard]] Entry answer_too_large();

}  // namespace ringside::gateway::deepstream
