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

/// The writes of one connection. A write says which version it makes, and is bound to the one
/// before; or it says that it comes after whatever is there. It is sent on without waiting for the
/// outcome of those before it.
///
/// Order: the grid carries them out as they were sent. One that has to be computed from the record
/// (a path, a record that may have to be made) may be tried again when others have changed it
/// meanwhile; so nothing of this connection that concerns the record follows while it is under way.
class RecordWrites {
public:
    RecordWrites(Session& session, Records& records) noexcept
        : session_(session), records_(records) {}

    /// Whether what follows depends on those that are under way.
    [[nodiscard]] bool concern(const wire::RecordMessage& message) const;
    /// Waits for them.
    Task<void> settle_before(const wire::RecordMessage& message);

    /// UPDATE, PATCH, ERASE, PATCH_MULTI, CREATEANDUPDATE, CREATEANDPATCH. Takes the message.
    void write(wire::RecordMessage& message);
    void remove(const wire::RecordMessage& message);

    /// A write of somebody else's making, such as that of an empty record: for the order.
    void begin(const std::string& grid_name, bool may_be_retried);
    void end(const std::string& grid_name);

private:
    struct Order {
        wire::RecordMessage message;
        RecordOrder wanted;
        std::uint64_t confirmed = 0;  ///< Session::confirmed() when it was read
        bool is_altered = false;      ///< its data are not exactly what the client has sent
        int attempts = 0;
    };
    using OrderPtr = std::shared_ptr<Order>;
    struct UnderWay {
        std::size_t count = 0;
        std::size_t computed = 0;  ///< of those, which may be tried again
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

    /// Puts the client's copy right; to be called before the client hears that it is refused.
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
    std::optional<Completion<bool>> settled_;  ///< of the message that waits
    std::string awaited_;                      ///< the name that it waits for
};

}  // namespace ringside::gateway::deepstream
