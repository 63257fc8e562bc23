#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

using Claims = std::map<std::string, std::string, std::less<>>;

/// The identity behind a request.
struct Identity {
    std::string user;  ///< passes `check_level`; any text for a deepstream client
    Claims claims;     ///< any text, from the key or token
    /// JSON that the login method of a deepstream client supplied, for rules; empty if none.
    std::string data{};
    bool is_anonymous = false;
};

/// The user of requests without credentials, where these are allowed.
inline constexpr std::string_view anonymous_user = "anonymous";

/// An action on a name that rules allow or deny.
enum class Action : std::uint8_t {
    read,       ///< get, list, query and watch a record
    write,      ///< change a record
    create,     ///< create a record that does not exist
    remove,     ///< "delete" in the configuration
    publish,    ///< an event
    subscribe,  ///< receive events
    call,
    provide,
    listen,         ///< learn which records are watched
    listen_events,  ///< learn which subjects are watched
    notify,         ///< notify the grid of records that changed elsewhere
    presence,       ///< learn which users are present; the name is a user, or empty for all users
};

inline constexpr std::array all_actions = {
    Action::read,    Action::write,         Action::create, Action::remove,
    Action::publish, Action::subscribe,     Action::call,   Action::provide,
    Action::listen,  Action::listen_events, Action::notify, Action::presence};

/// Returns the name of the action in the configuration.
[[nodiscard]] std::string_view name(Action action) noexcept;
[[nodiscard]] std::optional<Action> action_of(std::string_view name) noexcept;

/// Checks that a text can be a user or replace a placeholder: one level of a name, not reserved for
/// the grid, 1 to `limits::user_bytes_max` - 1 bytes. Such a text adds neither levels nor wildcards
/// to the pattern that it is put into. Error: bad_user.
[[nodiscard]] Result<void> check_level(std::string_view text);

}  // namespace ringside::gateway
