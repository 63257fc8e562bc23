#include "tools/gateway/deepstream/http_api/carrier.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/this_coro.hpp>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/decide.hpp"
#include "tools/gateway/deepstream/grid_evidence.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/payload.hpp"
#include "tools/gateway/deepstream/presence_hub.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"
#include "tools/gateway/deepstream/write_doubt.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr NamedAction read_record{RecordAction::read, "READ"};
constexpr NamedAction head_record{RecordAction::head, "HEAD"};
constexpr NamedAction delete_record{RecordAction::delete_, "DELETE"};
constexpr NamedAction update_record{RecordAction::create_and_update, "CREATEANDUPDATE"};
constexpr NamedAction patch_record{RecordAction::create_and_patch, "CREATEANDPATCH"};
constexpr NamedAction notify_record{RecordAction::notify, "NOTIFY"};
constexpr NamedAction make_call{RpcAction::request, "REQUEST"};
constexpr NamedAction query_users{PresenceAction::query, "QUERY"};
constexpr NamedAction query_everybody{PresenceAction::query_all, "QUERY_ALL"};

constexpr NamedAction load_error{RecordAction::record_load_error, "RECORD_LOAD_ERROR"};
constexpr NamedAction update_error{RecordAction::record_update_error, "RECORD_UPDATE_ERROR"};
constexpr NamedAction storage_timeout{RecordAction::storage_retrieval_timeout,
                                      "STORAGE_RETRIEVAL_TIMEOUT"};
constexpr NamedAction delete_error{RecordAction::record_delete_error, "RECORD_DELETE_ERROR"};

constexpr std::string_view bad_data = "INVALID_MESSAGE_DATA";
constexpr NamedAction bad_record_data{RecordAction::invalid_message_data, bad_data};
constexpr NamedAction bad_event_data{EventAction::invalid_message_data, bad_data};
constexpr NamedAction bad_call_data{RpcAction::invalid_message_data, bad_data};

constexpr std::string_view rule_failed = "MESSAGE_PERMISSION_ERROR";
constexpr NamedAction record_rule_failed{RecordAction::message_permission_error, rule_failed};
constexpr NamedAction call_rule_failed{RpcAction::message_permission_error, rule_failed};
constexpr NamedAction presence_rule_failed{PresenceAction::message_permission_error, rule_failed};

constexpr NamedAction accept_timeout{RpcAction::accept_timeout, "ACCEPT_TIMEOUT"};

/// The result for an action that is denied, or whose rule could not be evaluated.
template <class DeniedAction>
Entry refused(Topic topic, DeniedAction event, NamedAction action, NamedAction failure,
              bool has_failed, const std::string& name) {
    if (has_failed) return failed(topic, failure, name);
    return denied(topic, static_cast<std::int32_t>(event), action);
}

/// Returns whether the error means that no record can have the name.
bool is_no_name(const Error& error) noexcept {
    return error == Errc::bad_name || error == Errc::name_too_long;
}

Entry entry_of(const RpcHub::Answer& answer, const std::string& name) {
    switch (answer.action) {
        case RpcAction::response: return call_succeeded(answer.data);
        case RpcAction::request_error: return call_failed(answer.data);
        case RpcAction::response_timeout: return call_timed_out();
        case RpcAction::accept_timeout: return failed(Topic::rpc, accept_timeout, name);
        case RpcAction::invalid_message_data: return failed(Topic::rpc, bad_call_data, name);
        default: return no_provider(name);
    }
}

}  // namespace

Grade Carrier::grade() const noexcept {
    return hub_.options.is_durable ? Grade::durable : WriteOptions().grade;
}

Task<Entry> Carrier::carry_out(const Jif& jif) {
    switch (jif.kind) {
        case Jif::Kind::emit: co_return co_await emit(jif);
        case Jif::Kind::call: co_return co_await call(jif);
        case Jif::Kind::write: co_return co_await write(jif);
        case Jif::Kind::remove: co_return co_await remove(jif);
        case Jif::Kind::read: co_return read(jif);
        case Jif::Kind::head: co_return head(jif);
        case Jif::Kind::notify: co_return notify(jif);
        case Jif::Kind::query: break;
    }
    co_return jif.names ? query(jif) : query_all();
}

// Events and calls.

Task<Entry> Carrier::emit(const Jif& jif) {
    ++hub_.figures.publications;
    const std::string name = to_grid_name(jif.name);
    const PayloadEvidence evidence(grid(), jif.data);
    if (!decide(requester_, Action::publish, name, evidence).is_allowed) co_return emit_denied();
    Write event{.kind = Write::Kind::publish, .name = name};
    if (jif.data.empty()) event.document = no_data_document();
    else event.json = jif.data;
    const auto outcome = co_await grid().write(std::move(event));
    if (outcome) co_return succeeded();
    spdlog::info("event '{}' not delivered: {}", name, outcome.error().text());
    co_return failed(Topic::event, bad_event_data, jif.name);
}

Task<Entry> Carrier::call(const Jif& jif) {
    ++hub_.figures.calls;
    const PayloadEvidence evidence(grid(), jif.data);
    const Decision decision = decide(requester_, Action::call, to_grid_name(jif.name), evidence);
    if (!decision.is_allowed) {
        co_return refused(Topic::rpc, RpcAction::message_denied, make_call, call_rule_failed,
                          decision.has_failed, jif.name);
    }
    const Executor loop = co_await asio::this_coro::executor;
    auto start = [this, loop, &jif](Completion<RpcHub::Answer> completion) {
        auto done = std::make_shared<Completion<RpcHub::Answer>>(std::move(completion));
        // The handler may run immediately, but a coroutine can only resume after it has begun to
        // wait.
        hub_.rpc().request(jif.name, jif.data, [loop, done](const RpcHub::Answer& answer) {
            asio::post(loop, [done, answer] { std::move (*done)(answer); });
        });
    };
    const auto answer = co_await completed_by<RpcHub::Answer>(std::move(start));
    co_return entry_of(answer, jif.name);
}

// Records.

std::optional<Entry> Carrier::refuse_record(Action right, const std::string& name,
                                            NamedAction action) {
    const GridEvidence evidence(grid());
    const Decision decision = decide(requester_, right, to_grid_name(name), evidence);
    if (decision.is_allowed) return std::nullopt;
    return refused(Topic::record, RecordAction::message_denied, action, record_rule_failed,
                   decision.has_failed, name);
}

Entry Carrier::read(const Jif& jif) {
    if (auto refusal = refuse_record(Action::read, jif.name, read_record)) return *refusal;
    const auto record = grid().reader().get(to_grid_name(jif.name));
    auto loaded = record ? Result<void>() : Result<void>(record.error());
    if (loaded) {
        const std::string data = to_json(record->document());
        loaded = record->check();
        if (loaded) return read_succeeded(to_deepstream_version(record->version()), data);
    }
    if (loaded.error() == Errc::not_found || is_no_name(loaded.error())) {
        return record_not_found(jif.name);
    }
    spdlog::info("record '{}' not read: {}", jif.name, loaded.error().text());
    return failed(Topic::record, load_error, jif.name);
}

Entry Carrier::head(const Jif& jif) {
    if (auto refusal = refuse_record(Action::read, jif.name, head_record)) return *refusal;
    const auto record = grid().reader().get(to_grid_name(jif.name));
    if (record) return head_succeeded(to_deepstream_version(record->version()));
    if (record.error() == Errc::not_found || is_no_name(record.error())) {
        return head_succeeded(to_deepstream_version(0));
    }
    spdlog::info("record '{}' not read: {}", jif.name, record.error().text());
    return failed(Topic::record, load_error, jif.name);
}

/// No other storage exists behind the grid, so notifications have no effect.
Entry Carrier::notify(const Jif& jif) {
    for (const std::string& name : *jif.names) {
        if (auto refusal = refuse_record(Action::notify, name, notify_record)) return *refusal;
    }
    return succeeded();
}

Task<Entry> Carrier::remove(const Jif& jif) {
    if (auto refusal = refuse_record(Action::remove, jif.name, delete_record)) {
        co_return *std::move(refusal);
    }
    Write removal{.kind = Write::Kind::remove, .name = to_grid_name(jif.name)};
    removal.options.grade = grade();
    const auto outcome = co_await grid().write(std::move(removal));
    // A record that does not exist counts as removed.
    if (outcome || outcome.error() == Errc::not_found || is_bad_data(outcome.error().code)) {
        co_return succeeded();
    }
    spdlog::warn("record '{}' not deleted: {}", jif.name, outcome.error().text());
    co_return failed(Topic::record, delete_error, jif.name);
}

Task<Entry> Carrier::write(const Jif& jif) {
    RecordOrder order;
    order.action =
        jif.path.empty() ? RecordAction::create_and_update : RecordAction::create_and_patch;
    order.name = to_grid_name(jif.name);
    order.version = jif.version;
    order.data = jif.data;
    const auto path = jif.path.empty() ? std::nullopt : std::optional<std::string_view>(jif.path);
    if (!order.complete(path)) co_return failed(Topic::record, bad_record_data, jif.name);
    Error error;
    for (int attempts = 0; attempts < write_attempts_max; ++attempts) {
        auto plan = plan_write(grid(), requester_, order);
        if (const auto* refusal = std::get_if<WriteRefusal>(&plan)) {
            co_return refused_write(jif, order, *refusal);
        }
        auto& write = std::get<Write>(plan);
        write.options.grade = grade();
        const auto outcome = co_await grid().write(std::move(write));
        if (outcome) co_return succeeded();
        error = outcome.error();
        if (!is_overtaken(error) || !fits_now(grid(), order)) break;
    }
    co_return failed_write(jif, order, error);
}

Entry Carrier::refused_write(const Jif& jif, const RecordOrder& order,
                             const WriteRefusal& refusal) {
    if (refusal.kind != WriteRefusal::Kind::denied) {
        return failed_write(jif, order, refusal.error);
    }
    return refused(Topic::record, RecordAction::message_denied,
                   jif.path.empty() ? update_record : patch_record, record_rule_failed,
                   refusal.has_failed, jif.name);
}

Entry Carrier::failed_write(const Jif& jif, const RecordOrder& order, const Error& error) {
    const bool is_version = order.is_bound() && error == Errc::not_found;
    if (is_version || error == Errc::condition_failed) return conflict(jif, order);
    spdlog::info("record '{}' not written: {}", order.name, error.text());
    if (is_in_doubt(error)) return failed(Topic::record, storage_timeout, jif.name);
    return failed(Topic::record, is_bad_data(error.code) ? bad_record_data : update_error,
                  jif.name);
}

/// The requested version exists already, or the one before it does not.
Entry Carrier::conflict(const Jif& jif, const RecordOrder& order) {
    const auto record = grid().reader().get(order.name);
    if (!record && record.error() != Errc::not_found) {
        return failed(Topic::record, load_error, jif.name);
    }
    if (!record && !order.is_bound()) return failed(Topic::record, update_error, jif.name);
    if (!record) return invalid_version(jif.name, to_deepstream_version(0), {});
    const std::string data = to_json(record->document());
    if (!record->check()) return failed(Topic::record, load_error, jif.name);
    const auto there = to_deepstream_version(record->version());
    const bool is_ahead = order.is_bound() && order.version > there;
    return is_ahead ? invalid_version(jif.name, there, data)
                    : version_exists(jif.name, there, data);
}

// Presence.

std::optional<Entry> Carrier::refuse_presence(const std::string& user, NamedAction action) {
    const GridEvidence evidence(grid());
    const Decision decision = decide(requester_, Action::presence, user, evidence);
    if (decision.is_allowed) return std::nullopt;
    return refused(Topic::presence, PresenceAction::message_denied, action, presence_rule_failed,
                   decision.has_failed, user);
}

Entry Carrier::query_all() {
    if (auto refusal = refuse_presence({}, query_everybody)) return *refusal;
    std::string users;
    for (const std::string& user : hub_.presence().there()) {
        if (user == requester_.identity->user) continue;
        users += users.empty() ? '[' : ',';
        append_json_string(user, users);
    }
    return query_succeeded(users.empty() ? "[]" : users + ']');
}

Entry Carrier::query(const Jif& jif) {
    std::string users;
    for (const std::string& user : *jif.names) {
        if (auto refusal = refuse_presence(user, query_users)) return *refusal;
        users += users.empty() ? '{' : ',';
        append_json_string(user, users);
        users += hub_.presence().is_there(user) ? ":true" : ":false";
    }
    return query_succeeded(users.empty() ? "{}" : users + '}');
}

}  // namespace ringside::gateway::deepstream
