#pragma once

#include <memory>
#include <optional>
#include <string>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Records;
class Session;

/// The writes of one connection. A write names the version that it makes and is bound to the
/// previous one, or it follows any version. It is forwarded without waiting for the outcome of
/// earlier writes.
///
/// Order: the grid applies writes in the order in which they were sent. A write that must be
/// computed from the record (a path, or a record that may need to be created) may be repeated if
/// others have changed the record meanwhile. So nothing else of this connection that concerns the
/// record follows while such a write is under way.
class RecordWrites {
public:
    RecordWrites(Session& session, Records& records) noexcept
        : session_(session), records_(records) {}

    /// Returns whether a message depends on writes that are under way.
    [[nodiscard]] bool concern(const wire::RecordMessage& message) const;
    /// Waits for the writes that a message depends on.
    Task<void> settle_before(const wire::RecordMessage& message);

    /// UPDATE, PATCH, ERASE, PATCH_MULTI, CREATEANDUPDATE, CREATEANDPATCH. Takes the message.
    void write(wire::RecordMessage& message);
    void remove(const wire::RecordMessage& message);

    /// Registers a write that is made elsewhere, such as that of an empty record, to keep the
    /// order.
    void begin(const std::string& grid_name, bool may_be_retried);
    void end(const std::string& grid_name);

private:
    struct Order {
        wire::RecordMessage message;
        RecordOrder wanted;
        std::uint64_t confirmed = 0;  ///< Session::confirmed() when it was read
        bool is_altered = false;      ///< the data are not exactly those that the client has sent
        int attempts = 0;
    };
    using OrderPtr = std::shared_ptr<Order>;
    struct UnderWay {
        std::size_t count = 0;
        std::size_t computed = 0;  ///< how many of them may be repeated
    };

    [[nodiscard]] bool depends_on_others(RecordAction action, const std::string& grid_name) const;
    Task<void> settle(const std::string& grid_name);

    void submit(const OrderPtr& order);
    void on_outcome(const OrderPtr& order, const Result<WriteResult>& outcome);
    void on_failure(const OrderPtr& order, const Error& error);
    [[nodiscard]] bool is_decided_by_record(const Order& order) const;
    [[nodiscard]] bool is_removal_decided_by_record(const Order& order) const;
    void submit_removal(const OrderPtr& order);
    void on_removed(const Order& order, const Result<WriteResult>& outcome);
    void answer_conflict(const Order& order);

    /// Repairs the client's copy. Call this before the client learns of the refusal.
    void undo(const Order& order);
    void refuse(const Order& order, const WriteRefusal& refusal);
    void deny(const Order& order, bool has_failed);
    void refuse_data(const Order& order, const Error& error);
    void refuse_update(const Order& order, const Error& error);
    void settle_ack(const Order& order);
    void send_update_error(const Order& order, RecordAction action);

    Session& session_;
    Records& records_;
    TextMap<UnderWay> under_way_;
    std::optional<Completion<bool>> settled_;  ///< for the message that waits
    std::string awaited_;                      ///< name that the message waits for
};

}  // namespace ringside::gateway::deepstream
