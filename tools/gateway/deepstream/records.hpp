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

/// The records of one connection: what it reads and watches; for what it writes there is
/// RecordWrites. A message about a record waits for the writes of this connection that are under
/// way, if what it does depends on them, so that everything happens in the order in which it was
/// sent.
class Records {
public:
    explicit Records(Session& session) noexcept : session_(session), writes_(session, *this) {}

    /// Whether a message depends on writes that are under way, or takes long; it is one for
    /// `take_later` then.
    [[nodiscard]] bool has_to_wait(const wire::RecordMessage& message) const {
        return is_bulk_read(message) || writes_.concern(message);
    }
    void take(wire::RecordMessage& message);
    Task<void> take_later(wire::RecordMessage& message);
    void tell(const Subscription& subscription, const EchoFilter::Text& text);
    /// There is room again.
    void go_on();
    void clear() { watched_.clear(); }
    /// As `Subscription::adopt`, of all.
    [[nodiscard]] bool adopt(const Requester& requester);
    [[nodiscard]] std::size_t size() const noexcept { return watched_.size(); }

    // Of its RecordWrites.
    void begin_echo(const std::string& grid_name);
    void succeed_echo(const std::string& grid_name, Revision revision);
    /// A write that was to make `version` has failed: who has made it was somebody else.
    void fail_echo(const std::string& grid_name, Version version);
    /// Null: the client does not subscribe to the record.
    [[nodiscard]] RecordCopy* find_copy(const std::string& grid_name);
    /// The record is gone, by this connection.
    void end_watch(const std::string& grid_name);

private:
    struct Watched {
        std::unique_ptr<Subscription> subscription;
        std::uint64_t id = 0;  ///< tells times of the same record apart
        RecordCopy copy;
        Position told_before = 0;  ///< of changes before that one the client was told
        EchoFilter echoes;
        bool is_there = false;  ///< as far as the client knows
        bool is_ended = false;  ///< the client knows that the record is gone
    };

    [[nodiscard]] static bool is_bulk_read(const wire::RecordMessage& message);
    void acknowledge_read(const wire::RecordMessage& message);
    void subscribe_and_read(const wire::RecordMessage& message);
    /// At the pace of the client, and of others.
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
    /// Returns false if it was refused, or is watched already, which the client is told.
    bool watch(const std::string& name, const std::string& grid_name,
               const wire::RecordMessage& message);
    void answer_with_state(const std::string& name, const std::string& grid_name);
    void answer_head(const std::string& name, const std::string& grid_name);
    void tell_provider(const std::string& name, const std::string& grid_name);
    void tell_change(const EchoFilter::Text& text, Watched& watched);
    void begin_anew(const Subscription& subscription);
    [[nodiscard]] bool is_permitted(Action action, const std::string& name,
                                    const wire::RecordMessage& message);
    void refuse_load(const std::string& name, RecordAction action, const Error& error);
    /// Says so by an action that the client passes on to the application; it passes over
    /// RECORD_LOAD_ERROR.
    void refuse_subscription(const std::string& name, RecordAction action, const Error& error);

    Session& session_;
    TextMap<Watched> watched_;  ///< by names of the grid
    std::uint64_t ids_ = 0;
    RecordWrites writes_;
};

}  // namespace ringside::gateway::deepstream
