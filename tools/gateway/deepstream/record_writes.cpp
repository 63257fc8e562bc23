#include "tools/gateway/deepstream/record_writes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "shm/base/utf8.hpp"
#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/session.hpp"
#include "tools/gateway/deepstream/write_doubt.hpp"

namespace ringside::gateway::deepstream {

namespace {

void copy_ack(const wire::RecordMessage& from, wire::RecordMessage& to) {
    if (from.has_correlation_id()) to.set_correlation_id(from.correlation_id());
    if (from.has_is_write_ack()) to.set_is_write_ack(from.is_write_ack());
}

/// Returns whether the message was changed.
bool make_utf8(wire::RecordMessage& message) {
    bool is_altered = false;
    if (may_have_half(message.data())) {
        std::string data = to_utf8_json(message.data());
        is_altered = data != message.data();
        message.set_data(std::move(data));
    }
    if (!is_utf8(message.path())) {
        is_altered = true;
        message.set_path(to_utf8(message.path()));
    }
    return is_altered;
}

}  // namespace

// Order.

void RecordWrites::begin(const std::string& grid_name, bool may_be_retried) {
    UnderWay& under_way = under_way_[grid_name];
    ++under_way.count;
    under_way.computed += may_be_retried ? 1 : 0;
}

void RecordWrites::end(const std::string& grid_name) {
    const auto at = under_way_.find(grid_name);
    if (at == under_way_.end() || --at->second.count > 0) return;
    under_way_.erase(at);
    if (settled_ && awaited_ == grid_name) {
        Completion<bool> settled = *std::exchange(settled_, std::nullopt);
        std::move(settled)(true);
    }
}

bool RecordWrites::depends_on_others(RecordAction action, const std::string& grid_name) const {
    const auto at = under_way_.find(grid_name);
    if (at == under_way_.end()) return false;
    const bool follows_blindly = action == RecordAction::update || action == RecordAction::delete_;
    const Action right = action == RecordAction::delete_ ? Action::remove : Action::write;
    const Permissions& permissions = *session_.requester().permissions;
    return !follows_blindly || at->second.computed > 0 ||
           permissions.looks_at_documents(right, grid_name) ||
           permissions.looks_at_data(right, grid_name);
}

Task<void> RecordWrites::settle(const std::string& grid_name) {
    awaited_ = grid_name;
    auto start = [this](Completion<bool> settled) { settled_ = std::move(settled); };
    static_cast<void>(co_await completed_by<bool>(std::move(start)));
}

bool RecordWrites::concern(const wire::RecordMessage& message) const {
    if (under_way_.empty()) return false;
    const auto action = static_cast<RecordAction>(message.action());
    const auto concern_one = [&](const std::string& name) {
        return depends_on_others(action, to_grid_name(name));
    };
    return (message.has_name() && concern_one(message.name())) ||
           std::any_of(message.names().begin(), message.names().end(), concern_one);
}

Task<void> RecordWrites::settle_before(const wire::RecordMessage& message) {
    if (under_way_.empty()) co_return;
    const auto action = static_cast<RecordAction>(message.action());
    for (const std::string& name : message.names()) {
        const std::string grid_name = to_grid_name(name);
        if (depends_on_others(action, grid_name)) co_await settle(grid_name);
    }
    if (!message.has_name()) co_return;
    const std::string grid_name = to_grid_name(message.name());
    if (depends_on_others(action, grid_name)) co_await settle(grid_name);
}

// Writes.

void RecordWrites::write(wire::RecordMessage& message) {
    auto order = std::make_shared<Order>();
    order->message.Swap(&message);
    const wire::RecordMessage& taken = order->message;
    order->confirmed = session_.confirmed();
    order->is_altered = make_utf8(order->message);
    if (!taken.has_version()) order->message.set_version(any_version);
    order->wanted.action = static_cast<RecordAction>(taken.action());
    order->wanted.name = to_grid_name(taken.name());
    order->wanted.version = taken.version();
    if (taken.has_data()) order->wanted.data = taken.data();
    const auto path =
        taken.has_path() ? std::optional<std::string_view>(taken.path()) : std::nullopt;
    if (!order->wanted.complete(path)) {
        return refuse_data(*order, Error(Errc::bad_request, "unknown kind of write"));
    }
    begin(order->wanted.name, order->wanted.is_computed() || is_decided_by_record(*order));
    records_.begin_echo(order->wanted.name);
    submit(order);
}

void RecordWrites::submit(const OrderPtr& order) {
    GridAccess& grid = session_.hub().grid();
    auto plan = plan_write(grid, session_.requester(), order->wanted);
    if (const auto* refusal = std::get_if<WriteRefusal>(&plan)) {
        records_.fail_echo(order->wanted.name, 0);
        refuse(*order, *refusal);
        return end(order->wanted.name);
    }
    auto& write = std::get<Write>(plan);
    if (session_.hub().options.is_durable) write.options.grade = Grade::durable;
    grid.submit(std::move(write), Completion<Writer::Outcome>(
                                      std::in_place, [this, alive = session_.alive_for_write(),
                                                      order](const Writer::Outcome& outcome) {
                                          on_outcome(order, outcome);
                                      }));
}

void RecordWrites::on_outcome(const OrderPtr& order, const Result<WriteResult>& outcome) {
    if (!outcome) return on_failure(order, outcome.error());
    records_.succeed_echo(order->wanted.name, outcome->revision);
    if (RecordCopy* copy = records_.find_copy(order->wanted.name)) {
        copy->on_accepted(session_, order->wanted.name, outcome->revision, order->confirmed,
                          order->is_altered);
    }
    if (order->message.is_write_ack()) {
        auto ack = record_message(RecordAction::write_acknowledgement);
        ack.set_name(order->message.name());
        ack.set_correlation_id(order->message.correlation_id());
        ack.set_is_write_ack(true);
        session_.send(ack);
    }
    end(order->wanted.name);
}

void RecordWrites::on_failure(const OrderPtr& order, const Error& error) {
    if (is_overtaken(error) && !session_.is_over()) {
        session_.hub().feed.catch_up();
        // The record may have changed in a way that lets the write succeed after all.
        const bool is_left = ++order->attempts < write_attempts_max;
        // A blind write is not sent again after later ones.
        const bool is_waited_for = order->wanted.is_computed() || is_decided_by_record(*order);
        if (is_left && is_waited_for && fits_now(session_.hub().grid(), order->wanted)) {
            return submit(order);
        }
    }
    // The client receives the competing change before the conflict.
    const bool is_conflict = error == Errc::condition_failed && order->wanted.is_bound();
    records_.fail_echo(order->wanted.name,
                       is_conflict ? static_cast<Version>(order->message.version()) + 1 : 0);
    if (error == Errc::condition_failed) answer_conflict(*order);
    else if (is_bad_data(error.code)) refuse_data(*order, error);
    else refuse_update(*order, error);
    end(order->wanted.name);
}

bool RecordWrites::is_decided_by_record(const Order& order) const {
    const Permissions& permissions = *session_.requester().permissions;
    return permissions.looks_at_documents(order.wanted.right(), order.wanted.name) ||
           permissions.looks_at_data(order.wanted.right(), order.wanted.name);
}

/// The requested version exists already, or the one before it does not.
void RecordWrites::answer_conflict(const Order& order) {
    undo(order);
    const auto record = session_.hub().grid().reader().get(order.wanted.name);
    if (!record) return refuse_update(order, record.error());
    const std::int32_t there = to_deepstream_version(record->version());
    if (order.wanted.is_bound() && order.message.version() > there) {
        wire::RecordMessage refusal = order.message;
        refusal.set_action(static_cast<std::int32_t>(RecordAction::invalid_version));
        refusal.set_original_action(static_cast<std::int32_t>(order.wanted.part()));
        refusal.set_version(there);
        if (order.message.is_write_ack()) refusal.set_is_error(true);
        session_.send(refusal);
    } else {
        auto refusal = record_message(RecordAction::version_exists);
        refusal.set_name(order.message.name());
        refusal.set_version(there);
        append_json(record->document(), *refusal.mutable_data());
        refusal.set_original_action(static_cast<std::int32_t>(order.wanted.part()));
        copy_ack(order.message, refusal);
        session_.send(refusal);
    }
    settle_ack(order);
}

void RecordWrites::remove(const wire::RecordMessage& message) {
    auto order = std::make_shared<Order>();
    order->message = message;
    order->message.set_version(any_version);
    order->wanted.action = RecordAction::delete_;
    order->wanted.name = to_grid_name(message.name());
    begin(order->wanted.name, is_removal_decided_by_record(*order));
    records_.begin_echo(order->wanted.name);
    submit_removal(order);
}

bool RecordWrites::is_removal_decided_by_record(const Order& order) const {
    return session_.requester().permissions->looks_at_documents(Action::remove, order.wanted.name);
}

void RecordWrites::submit_removal(const OrderPtr& order) {
    Write write{.kind = Write::Kind::remove, .name = order->wanted.name};
    if (session_.hub().options.is_durable) write.options.grade = Grade::durable;
    if (is_removal_decided_by_record(*order)) {
        // A decision about one version does not apply to another version.
        const auto seen = session_.hub().grid().reader().get(order->wanted.name);
        if (seen) write.options.condition = Condition::version_is(seen->version());
    }
    const Decision decision = session_.decide(Action::remove, order->wanted.name);
    if (!decision.is_allowed) {
        records_.fail_echo(order->wanted.name, 0);
        deny(*order, decision.has_failed);
        return end(order->wanted.name);
    }
    session_.hub().grid().submit(
        std::move(write),
        Completion<Writer::Outcome>(std::in_place, [this, alive = session_.alive_for_write(),
                                                    order](const Writer::Outcome& outcome) {
            const bool has_changed = !outcome && outcome.error() == Errc::condition_failed;
            if (has_changed && ++order->attempts < write_attempts_max) {
                return submit_removal(order);
            }
            on_removed(*order, outcome);
        }));
}

void RecordWrites::on_removed(const Order& order, const Result<WriteResult>& outcome) {
    // A record that does not exist counts as removed.
    const bool is_gone =
        outcome || outcome.error() == Errc::not_found || is_bad_data(outcome.error().code);
    if (outcome) records_.succeed_echo(order.wanted.name, outcome->revision);
    else records_.fail_echo(order.wanted.name, 0);
    if (is_gone) records_.end_watch(order.wanted.name);
    auto answer =
        record_message(is_gone ? RecordAction::delete_success : RecordAction::record_delete_error);
    answer.set_name(order.message.name());
    if (!is_gone) {
        spdlog::warn("record '{}' not deleted: {}", order.wanted.name, outcome.error().text());
        answer.set_is_error(true);
        answer.set_original_action(static_cast<std::int32_t>(RecordAction::delete_));
    }
    session_.send(answer);
    if (!is_gone) {
        undo(order);
        // This message settles the client's promise.
        send_update_error(order, RecordAction::record_update_error);
    }
    end(order.wanted.name);
}

// Refusals.

void RecordWrites::undo(const Order& order) {
    RecordCopy* copy = records_.find_copy(order.wanted.name);
    if (copy == nullptr) return;
    if (order.wanted.action == RecordAction::delete_) {
        copy->has_refused_removal = true;
        return;
    }
    const bool may_be_resent = order.wanted.action == RecordAction::update &&
                               order.wanted.path.empty() && !order.message.is_write_ack();
    copy->on_refused(session_, order.wanted.name,
                     {order.message.version(), order.confirmed, may_be_resent});
}

void RecordWrites::refuse(const Order& order, const WriteRefusal& refusal) {
    switch (refusal.kind) {
        case WriteRefusal::Kind::denied: return deny(order, refusal.has_failed);
        case WriteRefusal::Kind::bad_data: return refuse_data(order, refusal.error);
        case WriteRefusal::Kind::not_updated: return refuse_update(order, refusal.error);
    }
}

void RecordWrites::deny(const Order& order, bool has_failed) {
    undo(order);
    auto refusal = record_message(has_failed ? RecordAction::message_permission_error
                                             : RecordAction::message_denied);
    refusal.set_name(order.message.name());
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(order.wanted.action));
    copy_ack(order.message, refusal);
    session_.send(refusal);
}

/// The data are invalid. Text that is not JSON at all ends the connection.
void RecordWrites::refuse_data(const Order& order, const Error& error) {
    spdlog::info("record '{}' not written: {}", order.wanted.name, error.text());
    undo(order);
    wire::RecordMessage refusal = order.message;
    refusal.set_action(static_cast<std::int32_t>(RecordAction::invalid_message_data));
    refusal.set_original_action(static_cast<std::int32_t>(order.wanted.action));
    // Otherwise the client treats the message as the acknowledgement.
    if (order.message.is_write_ack()) refusal.set_is_error(true);
    session_.send(refusal);
    settle_ack(order);
    if (is_bad_json(error.code)) session_.end_for_bad_data();
}

void RecordWrites::refuse_update(const Order& order, const Error& error) {
    spdlog::info("record '{}' not written: {}", order.wanted.name, error.text());
    undo(order);
    send_update_error(order, is_in_doubt(error) ? RecordAction::storage_retrieval_timeout
                                                : RecordAction::record_update_error);
}

/// Only an error that names the acknowledgement ends the client's wait for it.
void RecordWrites::settle_ack(const Order& order) {
    if (order.message.is_write_ack()) {
        send_update_error(order, RecordAction::record_update_error);
    }
}

void RecordWrites::send_update_error(const Order& order, RecordAction action) {
    auto refusal = record_message(action);
    refusal.set_name(order.message.name());
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(order.wanted.part()));
    copy_ack(order.message, refusal);
    session_.send(refusal);
}

}  // namespace ringside::gateway::deepstream
