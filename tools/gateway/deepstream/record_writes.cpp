#include "tools/gateway/deepstream/record_writes.hpp"

#include <spdlog/spdlog.h>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/grid_evidence.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// A record that changes under a write this often is changed by others all the time.
constexpr int attempts_max = 16;

/// Whether a text can be a JSON object or array.
bool may_be_container(std::string_view json) noexcept {
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (json[first] == '{' || json[first] == '[');
}

bool is_bad_json(Errc code) noexcept {
    return code == Errc::bad_json || code == Errc::bad_utf8 || code == Errc::duplicate_key;
}
bool is_bad_data(Errc code) noexcept {
    return is_bad_json(code) || code == Errc::number_out_of_range || code == Errc::too_deep ||
           code == Errc::key_too_long || code == Errc::document_too_large ||
           code == Errc::bad_document || code == Errc::bad_name || code == Errc::name_too_long ||
           code == Errc::bad_pointer || code == Errc::reserved_name;
}

/// What a write makes of a record, for rules that look at it.
class ChangeEvidence final : public GridEvidence {
public:
    ChangeEvidence(GridAccess& grid, const Value& document, const RecordChange& change) noexcept
        : GridEvidence(grid), document_(document), change_(change) {}

    [[nodiscard]] std::optional<std::string> data() const override {
        auto text = changed_text(document_, change_);
        if (!text) return std::nullopt;
        return *std::move(text);
    }

private:
    const Value& document_;
    const RecordChange& change_;
};

Write write_of(const std::string& name, RecordChange change) {
    using Kind = RecordChange::Kind;
    Write write{.kind = Write::Kind::put, .name = name};
    switch (change.kind) {
        case Kind::whole: write.json = std::move(change.json); break;
        case Kind::set:
            write.kind = Write::Kind::patch;
            write.pointer = std::move(change.pointer);
            write.json = std::move(change.json);
            break;
        case Kind::take_away:
            write.kind = Write::Kind::json_patch;
            write.json = removal_of(change.pointer);
            break;
        case Kind::nothing:
            write.kind = Write::Kind::json_patch;
            write.json = "[]";
            break;
    }
    return write;
}

void copy_ack(const wire::RecordMessage& from, wire::RecordMessage& to) {
    if (from.has_correlation_id()) to.set_correlation_id(from.correlation_id());
    if (from.has_is_write_ack()) to.set_is_write_ack(from.is_write_ack());
}

RecordAction part_of(RecordAction action) noexcept {
    switch (action) {
        case RecordAction::create_and_update: return RecordAction::update;
        case RecordAction::create_and_patch: return RecordAction::patch;
        default: return action;
    }
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
    return !follows_blindly || at->second.computed > 0 ||
           session_.requester().permissions->looks_at_documents(Action::write, grid_name);
}

Task<void> RecordWrites::settle(const std::string& grid_name) {
    awaited_ = grid_name;
    auto start = [this](Completion<bool> settled) { settled_ = std::move(settled); };
    static_cast<void>(co_await completed_by<bool>(std::move(start)));
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

// Writing.

void RecordWrites::write(wire::RecordMessage& message) {
    auto order = std::make_shared<Order>();
    order->message.Swap(&message);
    order->action = static_cast<RecordAction>(order->message.action());
    if (!order->message.has_version()) order->message.set_version(any_version);
    order->name = to_grid_name(order->message.name());
    order->creates = order->action == RecordAction::create_and_update ||
                     order->action == RecordAction::create_and_patch;
    if (!read_order(*order)) return refuse_data(*order, Error(Errc::bad_request, "no such write"));
    begin(order->name, is_computed(*order));
    records_.begin_echo(order->name);
    submit(order);
}

/// False: what is to be written is none.
bool RecordWrites::read_order(Order& order) {
    const wire::RecordMessage& message = order.message;
    if (order.name.empty() || message.version() < any_version) return false;
    const bool is_erasure = order.action == RecordAction::erase;
    if (order.action == RecordAction::patch_multi) return may_be_container(message.data());
    if (message.has_path()) {
        auto path = parse_path(message.path());
        if (!path || (!is_erasure && message.data().empty())) return false;
        order.path = *std::move(path);
        return true;
    }
    return part_of(order.action) == RecordAction::update && may_be_container(message.data());
}

/// Whether what is to be written depends on what is there.
bool RecordWrites::is_computed(const Order& order) noexcept {
    return !order.path.empty() || order.creates || order.action == RecordAction::patch_multi;
}

void RecordWrites::submit(const OrderPtr& order) {
    auto write = prepare(*order);
    if (!write) {
        records_.fail_echo(order->name, 0);
        return end(order->name);
    }
    if (session_.hub().options.is_durable) write->options.grade = Grade::durable;
    session_.hub().grid().submit(
        *std::move(write),
        Completion<Writer::Outcome>(
            std::in_place, [this, alive = session_.shared_from_this(), order](
                               const Writer::Outcome& outcome) { on_outcome(order, outcome); }));
}

Result<RecordChange> RecordWrites::change_of(const Order& order, const Value& document) {
    if (order.action == RecordAction::patch_multi) {
        return apply_patches(document, order.message.data());
    }
    if (order.path.empty()) {
        return RecordChange{RecordChange::Kind::whole, {}, order.message.data(), false};
    }
    if (!order.message.has_data()) return erase_path(document, order.path);
    return set_path(document, order.path, order.message.data());
}

bool RecordWrites::looks_at_documents(const Order& order) const {
    const Permissions& permissions = *session_.requester().permissions;
    return permissions.looks_at_documents(right_for(order), order.name) ||
           permissions.looks_at_data(right_for(order), order.name);
}

Action RecordWrites::right_for(const Order& order) noexcept {
    return order.action == RecordAction::erase ? Action::remove : Action::write;
}

/// A version says which one was there before. No record has a version before 0.
Condition RecordWrites::condition_of(const Order& order) noexcept {
    const std::int32_t version = order.message.version();
    if (version == any_version) return {};
    if (version == 0) return Condition::revision_is(~Revision{0});
    return Condition::version_is(static_cast<Version>(version));
}

/// None: it is refused, and the client has been told.
std::optional<Write> RecordWrites::prepare(Order& order) {
    if (is_computed(order) || looks_at_documents(order)) return prepare_from_record(order);
    if (!is_permitted(right_for(order), order, nullptr)) return std::nullopt;
    Write write{.kind = Write::Kind::put, .name = order.name, .json = order.message.data()};
    write.options.condition = condition_of(order);
    return write;
}

std::optional<Write> RecordWrites::prepare_from_record(Order& order) {
    const auto record = session_.hub().grid().reader().get(order.name);
    if (!record && (record.error() != Errc::not_found || !order.creates)) {
        if (is_bad_data(record.error().code)) refuse_data(order, record.error());
        else refuse_update(order, record.error());
        return std::nullopt;
    }
    static const Bytes empty = document_from_json("{}").value();
    const Value document = record ? record->document() : Value::of(empty);
    auto change = change_of(order, document);
    if (!change) {
        refuse_data(order, change.error());
        return std::nullopt;
    }
    if (order.creates && !is_permitted(Action::create, order, nullptr)) return std::nullopt;
    const ChangeEvidence evidence(session_.hub().grid(), document, *change);
    if (!is_permitted(right_for(order), order, &evidence)) return std::nullopt;
    if (!record) return first_write(order, document, *change);
    const bool is_for_this = change->is_bound || looks_at_documents(order);
    Write write = write_of(order.name, *std::move(change));
    write.options.condition = condition_of(order);
    if (!order.is_bound() && is_for_this) {
        write.options.condition = Condition::version_is(record->version());
    }
    return write;
}

/// Of a record that is not there: it is made empty, as version 0, and what is written is version 1.
std::optional<Write> RecordWrites::first_write(Order& order, const Value& empty,
                                               const RecordChange& change) {
    if (order.is_bound() && order.message.version() != 1) {
        refuse_update(order, Error(Errc::not_found));
        return std::nullopt;
    }
    auto json = changed_text(empty, change);
    if (!json) {
        refuse_data(order, json.error());
        return std::nullopt;
    }
    Write write{.kind = Write::Kind::put, .name = order.name, .json = *std::move(json)};
    write.begins_empty = true;
    write.options.condition = Condition::is_absent();
    return write;
}

void RecordWrites::on_outcome(const OrderPtr& order, const Result<WriteResult>& outcome) {
    if (!outcome) return on_failure(order, outcome.error());
    records_.succeed_echo(order->name, outcome->revision);
    if (order->message.is_write_ack()) {
        auto ack = record_message(RecordAction::write_acknowledgement);
        ack.set_name(order->message.name());
        ack.set_correlation_id(order->message.correlation_id());
        ack.set_is_write_ack(true);
        session_.send(ack);
    }
    end(order->name);
}

void RecordWrites::on_failure(const OrderPtr& order, const Error& error) {
    const bool has_changed = error == Errc::condition_failed || error == Errc::not_found ||
                             error == Errc::path_not_found;
    if (has_changed && !session_.is_over()) {
        session_.hub().feed.catch_up();
        if (tries_again(*order)) return submit(order);
    }
    // Whoever was first is told of before the conflict is.
    records_.fail_echo(order->name,
                       order->is_bound() ? static_cast<Version>(order->message.version()) + 1 : 0);
    if (error == Errc::condition_failed) answer_conflict(*order);
    else if (is_bad_data(error.code)) refuse_data(*order, error);
    else refuse_update(*order, error);
    end(order->name);
}

/// Whether the record has changed in a way that lets it be written after all.
bool RecordWrites::tries_again(Order& order) {
    if (++order.attempts >= attempts_max) return false;
    if (!order.is_bound()) return true;
    const auto record = session_.hub().grid().reader().get(order.name);
    const Version there = record ? record->version() : 0;
    const bool fits = there == static_cast<Version>(order.message.version());
    return fits || (!record && order.creates && order.message.version() == 1);
}

/// The version that it was to make exists already, or the one before does not.
void RecordWrites::answer_conflict(const Order& order) {
    const auto record = session_.hub().grid().reader().get(order.name);
    if (!record) return refuse_update(order, record.error());
    const std::int32_t there = to_deepstream_version(record->version());
    if (order.is_bound() && order.message.version() > there) {
        wire::RecordMessage refusal = order.message;
        refusal.set_action(static_cast<std::int32_t>(RecordAction::invalid_version));
        refusal.set_original_action(static_cast<std::int32_t>(part_of(order.action)));
        refusal.set_version(there);
        session_.send(refusal);
    } else {
        auto refusal = record_message(RecordAction::version_exists);
        refusal.set_name(order.message.name());
        refusal.set_version(there);
        append_json(record->document(), *refusal.mutable_data());
        refusal.set_original_action(static_cast<std::int32_t>(part_of(order.action)));
        copy_ack(order.message, refusal);
        session_.send(refusal);
    }
    settle_ack(order);
}

void RecordWrites::remove(const wire::RecordMessage& message) {
    auto order = std::make_shared<Order>();
    order->message = message;
    order->message.set_version(any_version);
    order->action = RecordAction::delete_;
    order->name = to_grid_name(message.name());
    const GridEvidence evidence(session_.hub().grid());
    if (!is_permitted(Action::remove, *order, &evidence)) return;
    Write write{.kind = Write::Kind::remove, .name = order->name};
    if (session_.hub().options.is_durable) write.options.grade = Grade::durable;
    begin(order->name, false);
    records_.begin_echo(order->name);
    session_.hub().grid().submit(
        std::move(write),
        Completion<Writer::Outcome>(
            std::in_place, [this, alive = session_.shared_from_this(), order](
                               const Writer::Outcome& outcome) { on_removed(*order, outcome); }));
}

void RecordWrites::on_removed(const Order& order, const Result<WriteResult>& outcome) {
    // One that is not there is as good as removed.
    const bool is_gone =
        outcome || outcome.error() == Errc::not_found || is_bad_data(outcome.error().code);
    if (outcome) records_.succeed_echo(order.name, outcome->revision);
    else records_.fail_echo(order.name, 0);
    if (is_gone) records_.end_watch(order.name);
    auto answer =
        record_message(is_gone ? RecordAction::delete_success : RecordAction::record_delete_error);
    answer.set_name(order.message.name());
    if (!is_gone) {
        spdlog::warn("record '{}' was not removed: {}", order.name, outcome.error().text());
        answer.set_is_error(true);
        answer.set_original_action(static_cast<std::int32_t>(RecordAction::delete_));
    }
    session_.send(answer);
    end(order.name);
}

// Refusing.

bool RecordWrites::is_permitted(Action action, const Order& order, const Evidence* evidence) {
    const Decision decision = evidence == nullptr ? session_.decide(action, order.name)
                                                  : session_.decide(action, order.name, *evidence);
    if (decision.is_allowed) return true;
    auto refusal = record_message(decision.has_failed ? RecordAction::message_permission_error
                                                      : RecordAction::message_denied);
    refusal.set_name(order.message.name());
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(order.action));
    copy_ack(order.message, refusal);
    session_.send(refusal);
    return false;
}

/// What it carries is none. Text that is no JSON at all ends the connection.
void RecordWrites::refuse_data(const Order& order, const Error& error) {
    spdlog::info("record '{}' was not written: {}", order.name, error.text());
    wire::RecordMessage refusal = order.message;
    refusal.set_action(static_cast<std::int32_t>(RecordAction::invalid_message_data));
    refusal.set_original_action(static_cast<std::int32_t>(order.action));
    session_.send(refusal);
    settle_ack(order);
    if (is_bad_json(error.code)) session_.end_for_bad_data();
}

void RecordWrites::refuse_update(const Order& order, const Error& error) {
    spdlog::info("record '{}' was not written: {}", order.name, error.text());
    auto refusal = record_message(RecordAction::record_update_error);
    refusal.set_name(order.message.name());
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(part_of(order.action)));
    copy_ack(order.message, refusal);
    session_.send(refusal);
}

/// A client that waits for an acknowledgement gives up only by an error that says so.
void RecordWrites::settle_ack(const Order& order) {
    if (!order.message.is_write_ack()) return;
    auto refusal = record_message(RecordAction::record_update_error);
    refusal.set_name(order.message.name());
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(part_of(order.action)));
    copy_ack(order.message, refusal);
    session_.send(refusal);
}

}  // namespace ringside::gateway::deepstream
