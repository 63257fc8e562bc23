#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/gateway/deepstream/wire/actions.hpp"

namespace ringside::gateway::deepstream {

/// The result of one message of a request to the HTTP API: a JSON object.
struct Entry {
    std::string json;
    bool is_success = false;
};

/// Number and name of a protocol action, as an entry shows them.
struct NamedAction {
    template <class Action>
    constexpr NamedAction(Action action, std::string_view its_name) noexcept
        : number(static_cast<std::int32_t>(action)), name(its_name) {}
    std::int32_t number;
    std::string_view name;
};

// The following functions build entries in deepstream's words. `name` is the name of the record,
// event or call, in UTF-8.

[[nodiscard]] Entry succeeded();
/// `data` is JSON.
[[nodiscard]] Entry read_succeeded(std::int32_t version, std::string_view data);
[[nodiscard]] Entry head_succeeded(std::int32_t version);
/// `data` is JSON, or empty if there is none.
[[nodiscard]] Entry call_succeeded(std::string_view data);
/// `users` is JSON.
[[nodiscard]] Entry query_succeeded(std::string_view users);

[[nodiscard]] Entry emit_denied();
/// `event` is MESSAGE_DENIED, in the numbering of the topic.
[[nodiscard]] Entry denied(Topic topic, std::int32_t event, NamedAction action);
[[nodiscard]] Entry record_not_found(std::string_view name);
/// The result of a write that is bound to a version. `data` is the current record, or empty if it
/// does not exist.
[[nodiscard]] Entry version_exists(std::string_view name, std::int32_t version,
                                   std::string_view data);
[[nodiscard]] Entry invalid_version(std::string_view name, std::int32_t version,
                                    std::string_view data);
/// The failure that the provider reported. `data` is JSON, or empty if there is none.
[[nodiscard]] Entry call_failed(std::string_view data);
[[nodiscard]] Entry no_provider(std::string_view name);
[[nodiscard]] Entry call_timed_out();
/// Any other failure. `name` is empty if there is none.
[[nodiscard]] Entry failed(Topic topic, NamedAction event, std::string_view name);

// The request has timed out.
[[nodiscard]] Entry request_timed_out();
[[nodiscard]] Entry answer_too_large();

}  // namespace ringside::gateway::deepstream
