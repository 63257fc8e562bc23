#pragma once

#include "tools/gateway/deepstream/http_api/entry.hpp"
#include "tools/gateway/deepstream/http_api/jif.hpp"
#include "tools/gateway/deepstream/hub.hpp"

namespace ringside::gateway::deepstream {

/// Processes single messages of the HTTP API for a logged-in user. Rights and outcomes are those of
/// the same message on a connection.
/// Thread safety: that of the loop.
class Carrier {
public:
    Carrier(Hub& hub, Requester requester) noexcept : hub_(hub), requester_(std::move(requester)) {}

    /// The message and this object must live until the task ends.
    Task<Entry> carry_out(const Jif& jif);

    [[nodiscard]] const Requester& requester() const noexcept { return requester_; }
    /// Applies from the next message on.
    void adopt(Requester requester) { requester_ = std::move(requester); }
    /// Denies every further message.
    void withdraw_rights() {
        requester_.permissions = std::make_shared<const FixedPermissions>(false);
    }

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

    /// Returns none if the action is allowed.
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
    Requester requester_;
};

}  // namespace ringside::gateway::deepstream
