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

/// Who makes a request.
struct Identity {
    std::string user;  ///< passes `check_level`; of a deepstream client any text
    Claims claims;     ///< any text, as the key or token says
    /// JSON that whoever vouches for a deepstream client has given along, for rules; empty: none.
    std::string data{};
    bool is_anonymous = false;
};

/// The user that requests without credentials act as, where that is allowed.
inline constexpr std::string_view anonymous_user = "anonymous";

/// What one may be permitted to do with a name.
enum class Action : std::uint8_t {
    read,       ///< get, list, query and watch a record
    write,      ///< change a record
    create,     ///< write one that is not there
    remove,     ///< "delete" in the configuration
    publish,    ///< an event
    subscribe,  ///< to events
    call,
    provide,
    listen,         ///< to be told which records are watched
    listen_events,  ///< to be told which subjects are
    notify,         ///< the grid that records have changed elsewhere
    presence,       ///< to be told who is there; the name is that of a user, empty: everybody
};

inline constexpr std::array all_actions = {
    Action::read,    Action::write,         Action::create, Action::remove,
    Action::publish, Action::subscribe,     Action::call,   Action::provide,
    Action::listen,  Action::listen_events, Action::notify, Action::presence};

/// As the configuration calls it.
[[nodiscard]] std::string_view name(Action action) noexcept;
[[nodiscard]] std::optional<Action> action_of(std::string_view name) noexcept;

/// Whether a text can be a user, or stand for a placeholder: one level of a name that is not the
/// grid's own, 1 .. `limits::user_bytes_max` - 1 bytes. A text that passes adds neither levels nor
/// wildcards to the pattern that it is put into. Error: bad_user.
[[nodiscard]] Result<void> check_level(std::string_view text);

}  // namespace ringside::gateway
