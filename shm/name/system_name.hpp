#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"

/// Names of the records that the broker keeps about the grid itself. Clients read and watch them
/// like any others, and cannot write them. They live as long as what they tell of; only indexes are
/// stored on disk.
///
///   $sys/session/ID                    {"pid","uid","gid","program","user","role","opened_ms"}
///   $sys/presence/USER                 {"sessions":[ID, …]}
///   $sys/rpc/PATTERN/ID/LANE           {"pattern","session","lane"}
///   $sys/listen/PATTERN/ID/LANE        {"pattern","session","lane"}
///   $sys/provided/SUBJECT              {"session","lane","declaration"}: who provides a watched
///                                      subject, and the number of the declaration by which it does
///   $sys/index/PATTERN/at:POINTER      {"pattern","pointer"}: defines a secondary index
///
/// In a PATTERN `*` is written `%2A`, and `%` `%25`, because names have no `*`; in a POINTER so are
/// `/` and control characters.
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

/// Whether a record outlives its grid's broker and segment: all but those of the grid itself, and
/// of these the definitions of indexes.
[[nodiscard]] constexpr bool is_stored(std::string_view name) noexcept {
    return !name.starts_with('$') || name.starts_with(index_prefix);
}

/// The subject of a `provided` record; none: it is another record.
[[nodiscard]] std::optional<std::string_view> subject_of(std::string_view name) noexcept;

/// Whether `user` can be the identity of a session: one level of a name, of at most
/// `limits::user_bytes_max` bytes, or empty for none. Error: bad_user.
[[nodiscard]] Result<void> check_user(std::string_view user);

}  // namespace ringside::system_name
