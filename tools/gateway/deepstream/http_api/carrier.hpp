#pragma once

#include "tools/gateway/deepstream/http_api/entry.hpp"
#include "tools/gateway/deepstream/http_api/jif.hpp"
#include "tools/gateway/deepstream/hub.hpp"

namespace ringside::gateway::deepstream {

/// Carries out single messages of the HTTP API for one who has logged in, with the rights and the
/// outcomes that the same message has on a connection.
/// Thread safety: that of the loop.
class Carrier {
public:
    Carrier(Hub& hub, Requester requester) noexcept : hub_(hub), requester_(std::move(requester)) {}

    /// The message and this must live until it is done.
    Task<Entry> carry_out(const Jif& jif);

private:
    Task<Entry> emit(const Jif& jif);
    Task<Entry> call(const Jif& jif);
    Task<Entry> write(const Jif& jif);
    Task<Entry> remove(const Jif& jif);
    [[nodiscard]] Entry read(const Jif& jif);
    [[nodiscard]] Entry head(const Jif& jif);
    [[nodiscard]] Entry notify(const Jif& jif);
    [[nodiscard]] Entry query(const Jif& jif);
    [[nodiscard]] Entry query_all();

    /// None: it is allowed.
    [[nodiscard]] std::optional<Entry> refuse_record(Action right, const std::string& name,
                                                     NamedAction action);
    [[nodiscard]] std::optional<Entry> refuse_presence(const std::string& user, NamedAction action);
    [[nodiscard]] Entry refused_write(const Jif& jif, const RecordOrder& order,
                                      const WriteRefusal& refusal);
    [[nodiscard]] Entry failed_write(const Jif& jif, const RecordOrder& order, const Error& error);
    [[nodiscard]] Entry conflict(const Jif& jif, const RecordOrder& order);

    [[nodiscard]] GridAccess& grid() const noexcept { return hub_.grid(); }
    [[nodiscard]] Grade grade() const noexcept;

    Hub& hub_;
    const Requester requester_;
};

}  // namespace ringside::gateway::deepstream
