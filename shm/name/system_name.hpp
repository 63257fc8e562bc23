#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"

/// Names of the records that the broker maintains about the grid itself. Clients read and watch
/// them like any others, and cannot write them. They exist as long as their subjects. Only indexes
/// are stored on disk.
///
///   $sys/session/ID                    {"pid","uid","gid","program","user","role","opened_ms"}
///   $sys/presence/USER                 {"sessions":[ID, …]}
///   $sys/rpc/PATTERN/ID/LANE           {"pattern","session","lane"}
///   $sys/listen/PATTERN/ID/LANE        {"pattern","session","lane"}
///   $sys/provided/SUBJECT              {"session","lane","declaration"}: who provides a watched
///                                      subject, and the number of the declaration by which it does
///   $sys/index/PATTERN/at:POINTER      {"pattern","pointer"}: defines a secondary index
///
/// In a PATTERN, `*` is written `%2A` and `%` is written `%25`, because names have no `*`. In a
/// POINTER, `/` and control characters are encoded as well.
namespace ringside::system_name {

inline constexpr std::string_view root = "$sys/";
inline constexpr std::string_view provided_prefix = "$sys/provided/";
inline constexpr std::string_view index_prefix = "$sys/index/";

[[nodiscard]] std::string session(SessionId id);
[[nodiscard]] std::string presence(std::string_view user);
[[nodiscard]] std::string provider(std::string_view pattern, SessionId id, std::uint32_t lane);
[[nodiscard]] std::string listener(std::string_view pattern, SessionId id, std::uint32_t lane);
[[nodiscard]] std::string provided(std::string_view subject);
[[nodiscard]] std::string index(std::string_view pattern, std::string_view pointer);

/// Returns whether a record outlives its grid's broker and segment: all records except system
/// records; among these, only definitions of indexes.
[[nodiscard]] constexpr bool is_stored(std::string_view name) noexcept {
    return !name.starts_with('$') || name.starts_with(index_prefix);
}

/// Returns the subject of a `provided` record; nothing for any other record.
[[nodiscard]] std::optional<std::string_view> subject_of(std::string_view name) noexcept;

/// Checks the user name of a session: one level of a name, at most `limits::user_bytes_max` - 1
/// bytes, or empty for none. Error: bad_user.
[[nodiscard]] Result<void> check_user(std::string_view user);

}  // namespace ringside::system_name
