#include <spdlog/spdlog.h>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/records.hpp"
#include "tools/gateway/deepstream/session.hpp"

// Responses of Records about single records: states, versions, refusals.
namespace ringside::gateway::deepstream {

void Records::answer_with_state(const std::string& name, const std::string& grid_name) {
    auto answer = record_message(RecordAction::read_response);
    answer.set_name(name);
    const auto record = session_.hub().grid().reader().get(grid_name);
    if (record) {
        append_json(record->document(), *answer.mutable_data());
        answer.set_version(to_deepstream_version(record->version()));
    } else if (record.error() == Errc::not_found) {
        answer.set_data("{}");
        answer.set_version(to_deepstream_version(0));
    } else {
        refuse_subscription(name, RecordAction::subscribe_create_and_read, record.error());
        return end_watch(grid_name);
    }
    if (const auto whole = record ? record->check() : Result<void>(); !whole) {
        refuse_subscription(name, RecordAction::subscribe_create_and_read, whole.error());
        return end_watch(grid_name);
    }
    session_.send(answer);
    if (Watched* watched = find(grid_name)) {
        watched->is_there = record.has_value();
        watched->copy.on_read(session_, record ? record->revision() : 0);
        tell_provider(name, grid_name);
    }
}

void Records::read(const wire::RecordMessage& message) {
    const std::string& name = message.name();
    const std::string grid_name = to_grid_name(name);
    if (!is_permitted(Action::read, name, message)) return;
    auto answer = record_message(RecordAction::read_response);
    answer.set_name(name);
    const auto record = session_.hub().grid().reader().get(grid_name);
    if (!record) {
        if (record.error() != Errc::not_found && record.error() != Errc::bad_name &&
            record.error() != Errc::name_too_long) {
            return refuse_load(name, RecordAction::read, record.error());
        }
        answer = record_message(RecordAction::record_not_found);
        answer.set_name(name);
        answer.set_is_error(true);
        answer.set_original_action(static_cast<std::int32_t>(RecordAction::read));
        return session_.send(answer);
    }
    append_json(record->document(), *answer.mutable_data());
    answer.set_version(to_deepstream_version(record->version()));
    if (const auto whole = record->check(); !whole) {
        return refuse_load(name, RecordAction::read, whole.error());
    }
    session_.send(answer);
    RecordCopy* copy = find_copy(grid_name);
    if (copy != nullptr && copy->is_told) copy->on_read(session_, record->revision());
}

void Records::head(const wire::RecordMessage& message) {
    if (!is_permitted(Action::read, message.name(), message)) return;
    answer_head(message.name(), to_grid_name(message.name()));
}

void Records::answer_head(const std::string& name, const std::string& grid_name) {
    auto answer = record_message(RecordAction::head_response);
    answer.set_name(name);
    const auto record = session_.hub().grid().reader().get(grid_name);
    if (!record && record.error() != Errc::not_found && !is_bad_data(record.error().code)) {
        return refuse_load(name, RecordAction::head, record.error());
    }
    answer.set_version(to_deepstream_version(record ? record->version() : 0));
    session_.send(answer);
}

/// No other storage exists behind the grid, so notifications have no effect.
void Records::notify(const wire::RecordMessage& message) {
    bool is_refused = false;
    for (const std::string& name : message.names()) {
        if (!is_permitted(Action::notify, name, message)) is_refused = true;
    }
    if (!is_refused) {
        auto ack = message;
        ack.set_is_ack(true);
        return session_.send(ack);
    }
    auto refusal = record_message(RecordAction::record_notify_error);
    refusal.set_is_error(true);
    refusal.set_data(R"("MESSAGE_DENIED")");
    refusal.set_correlation_id(message.correlation_id());
    refusal.set_original_action(message.action());
    session_.send(refusal);
}

void Records::tell_provider(const std::string& name, const std::string& grid_name) {
    const auto is_provided = session_.hub().grid().reader().has_provider(grid_name);
    if (!is_provided || !*is_provided) return;
    auto message = record_message(RecordAction::has_provider);
    message.set_name(name);
    session_.send(message);
}

// Refusals.

bool Records::is_permitted(Action action, const std::string& name,
                           const wire::RecordMessage& message) {
    const Decision decision = session_.decide(action, to_grid_name(name));
    if (decision.is_allowed) return true;
    session_.send(denial_of<RecordAction>(message, name, decision.has_failed));
    return false;
}

void Records::refuse_subscription(const std::string& name, RecordAction action,
                                  const Error& error) {
    spdlog::info("cannot subscribe to record '{}': {}", to_grid_name(name), error.text());
    const bool is_for_good = is_bad_data(error.code) || error == Errc::lane_limit;
    auto refusal = record_message(is_for_good ? RecordAction::message_denied
                                              : RecordAction::message_permission_error);
    refusal.set_name(name);
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(action));
    session_.send(refusal);
}

void Records::refuse_load(const std::string& name, RecordAction action, const Error& error) {
    spdlog::info("record '{}' not read: {}", to_grid_name(name), error.text());
    auto refusal = record_message(RecordAction::record_load_error);
    refusal.set_name(name);
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(action));
    session_.send(refusal);
}

}  // namespace ringside::gateway::deepstream
