#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ringside/client.hpp"

/// Texts for the time and the writer of a change.
namespace ringside::tools {

/// A Unix time in ns as RFC 3339 with milliseconds: "2026-11-30T21:15:02.104Z".
[[nodiscard]] std::string time_text(std::uint64_t unix_ns);

/// Appends `"time":"…"`.
void append_time(std::string& out, std::uint64_t unix_ns);

/// Appends `"writer":{…}`; `"writer":null` for a null pointer. A writer whose identity is no longer
/// known has only its session.
void append_writer(std::string& out, const Writer* writer);

/// Looks up writers by their sessions. Keeps the results of up to `writers_max` sessions.
class KnownWriters {
public:
    static constexpr std::size_t writers_max = 1024;

    explicit KnownWriters(const Client& client) noexcept : client_(&client) {}

    /// Valid until the next call. Throws ringside::Exception.
    const Writer& find(SessionId session);
    /// Forgets all, because the grid may be another one.
    void clear() { known_.clear(); }

private:
    const Client* client_;
    std::map<SessionId, Writer> known_;
};

}  // namespace ringside::tools
