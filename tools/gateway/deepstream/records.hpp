#pragma once

#include <memory>
#include <string>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/echo_filter.hpp"
#include "tools/gateway/deepstream/record_copy.hpp"
#include "tools/gateway/deepstream/record_writes.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// The records of one connection: reads and watches. RecordWrites handles its writes. A message
/// about a record waits for the writes of this connection that it depends on, so everything happens
/// in the order in which it was sent.
class Records {
public:
    explicit Records(Session& session) noexcept : session_(session), writes_(session, *this) {}

    /// Returns whether a message depends on writes that are under way, or takes long. Pass it to
    /// `take_later` then.
    [[nodiscard]] bool has_to_wait(const wire::RecordMessage& message) const {
        return is_bulk_read(message) || writes_.concern(message);
    }
    void take(wire::RecordMessage& message);
    Task<void> take_later(wire::RecordMessage& message);
    void tell(const Subscription& subscription, const EchoFilter::Text& text);
    /// Resumes when the connection has room again.
    void go_on();
    void clear() { watched_.clear(); }
    /// Calls `Subscription::adopt` for every subscription.
    [[nodiscard]] bool adopt(const Requester& requester);
    [[nodiscard]] std::size_t size() const noexcept { return watched_.size(); }

    // Called by its RecordWrites.
    void begin_echo(const std::string& grid_name);
    void succeed_echo(const std::string& grid_name, Revision revision);
    /// A write that was meant to make `version` has failed: another client made that version.
    void fail_echo(const std::string& grid_name, Version version);
    /// Returns null if the client does not subscribe to the record.
    [[nodiscard]] RecordCopy* find_copy(const std::string& grid_name);
    /// This connection has removed the record.
    void end_watch(const std::string& grid_name);

private:
    struct Watched {
        std::unique_ptr<Subscription> subscription;
        std::uint64_t id = 0;  ///< distinguishes successive subscriptions to the same record
        RecordCopy copy;
        Position told_before = 0;  ///< changes before this position were delivered
        EchoFilter echoes;
        bool is_there = false;  ///< the record exists, as far as the client knows
        bool is_ended = false;  ///< the client knows that the record was removed
    };

    [[nodiscard]] static bool is_bulk_read(const wire::RecordMessage& message);
    void acknowledge_read(const wire::RecordMessage& message);
    void subscribe_and_read(const wire::RecordMessage& message);
    /// Reads at the pace of the client, and lets others use the loop.
    Task<void> read_many(const wire::RecordMessage& message);
    void subscribe_one(const std::string& name, const wire::RecordMessage& message);
    void create(const std::string& name, const std::string& grid_name);
    void on_created(const std::string& name, std::uint64_t id, const Writer::Outcome& outcome);
    void answer_created(const std::string& name, const std::string& grid_name,
                        const Writer::Outcome& outcome);
    void subscribe_and_head(const wire::RecordMessage& message);
    void unsubscribe(const wire::RecordMessage& message);
    void read(const wire::RecordMessage& message);
    void head(const wire::RecordMessage& message);
    void notify(const wire::RecordMessage& message);

    [[nodiscard]] Watched* find(const std::string& grid_name);
    /// Returns false if the watch was refused or exists already. The client learns which.
    bool watch(const std::string& name, const std::string& grid_name,
               const wire::RecordMessage& message);
    void answer_with_state(const std::string& name, const std::string& grid_name);
    void answer_head(const std::string& name, const std::string& grid_name);
    void tell_provider(const std::string& name, const std::string& grid_name);
    void tell_change(const EchoFilter::Text& text, Watched& watched);
    void restart(const Subscription& subscription);
    [[nodiscard]] bool is_permitted(Action action, const std::string& name,
                                    const wire::RecordMessage& message);
    void refuse_load(const std::string& name, RecordAction action, const Error& error);
    /// Reports a refusal by an action that the client passes on to the application. Clients ignore
    /// RECORD_LOAD_ERROR.
    void refuse_subscription(const std::string& name, RecordAction action, const Error& error);

    Session& session_;
    TextMap<Watched> watched_;  ///< keyed by names of the grid
    std::uint64_t ids_ = 0;
    RecordWrites writes_;
};

}  // namespace ringside::gateway::deepstream
