#include "tools/gateway/deepstream/rpcs.hpp"

#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/payload.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Ends a call whose data or answer the grid cannot hold. The client rejects the promise of the
/// call on an error of the call, but not on INVALID_MESSAGE_DATA.
wire::RpcMessage unreadable(const wire::RpcMessage& message) {
    auto error = rpc_message(RpcAction::request_error);
    error.set_name(message.name());
    error.set_correlation_id(message.correlation_id());
    error.set_data(R"("INVALID_MESSAGE_DATA")");
    return error;
}

wire::RpcMessage invalid_data(const wire::RpcMessage& message) {
    wire::RpcMessage refusal = message;
    refusal.set_action(static_cast<std::int32_t>(RpcAction::invalid_message_data));
    refusal.set_original_action(message.action());
    refusal.set_is_error(true);
    return refusal;
}

}  // namespace

void Rpcs::take(const wire::RpcMessage& message) {
    RpcHub& hub = session_.hub().rpc();
    switch (static_cast<RpcAction>(message.action())) {
        case RpcAction::provide: return provide(message);
        case RpcAction::unprovide: return unprovide(message);
        case RpcAction::request: return request(message);
        case RpcAction::accept: return hub.accept(session_, message);
        case RpcAction::reject: return hub.reject(session_, message);
        case RpcAction::response:
        case RpcAction::request_error: return respond(message);
        default: spdlog::debug("unknown RPC action {}", message.action());
    }
}

void Rpcs::provide(const wire::RpcMessage& message) {
    bool is_refused = !message.names().empty();
    auto left = std::make_shared<std::size_t>(1);  // names whose registration is undecided, and 1
    const auto on_provided = [this, weak = session_.weak_from_this(), left,
                              id = message.correlation_id()] {
        if (const auto alive = weak.lock(); alive && --*left == 0) acknowledge_provide(id);
    };
    for (const std::string& name : message.names()) {
        if (!is_permitted(Action::provide, name, message)) continue;
        if (provided_ >= RpcHub::names_max) {
            if (!std::exchange(is_full_logged_, true)) {
                spdlog::warn(
                    "client of '{}' reached the limit of {} provided names; further names such as "
                    "'{}' are refused",
                    session_.user(), RpcHub::names_max, to_grid_name(name));
            }
            session_.send(denial_of<RpcAction>(message, name, false));
            continue;
        }
        is_refused = false;
        ++*left;
        if (session_.hub().rpc().provide(session_, name, on_provided)) {
            ++provided_;
            continue;
        }
        --*left;
        auto refusal = rpc_message(RpcAction::multiple_providers);
        refusal.set_name(name);
        refusal.set_original_action(message.action());
        session_.send(refusal);
    }
    if (!is_refused) on_provided();
}

void Rpcs::acknowledge_provide(const std::string& correlation_id) {
    auto ack = rpc_message(RpcAction::provide);
    ack.set_correlation_id(correlation_id);
    ack.set_is_ack(true);
    session_.send(ack);
}

void Rpcs::unprovide(const wire::RpcMessage& message) {
    for (const std::string& name : message.names()) {
        if (session_.hub().rpc().unprovide(session_, name)) --provided_;
    }
    auto ack = rpc_message(RpcAction::unprovide);
    ack.set_correlation_id(message.correlation_id());
    ack.set_is_ack(true);
    session_.send(ack);
}

void Rpcs::request(const wire::RpcMessage& message) {
    ++session_.hub().figures.calls;
    const auto document = payload_document(message.data());
    if (!document && is_bad_json(document.error().code)) return end_for_bad_data(message);
    if (!is_permitted(Action::call, message.name(), message)) return;
    if (document) return session_.hub().rpc().request(session_, message);
    spdlog::info("'{}' not called: {}", to_grid_name(message.name()), document.error().text());
    session_.send(unreadable(message));
}

void Rpcs::respond(const wire::RpcMessage& message) {
    RpcHub& hub = session_.hub().rpc();
    const auto document = payload_document(message.data());
    if (document) return hub.respond(session_, message);
    if (is_bad_json(document.error().code)) return end_for_bad_data(message);
    spdlog::info("answer of '{}' not forwarded: {}", to_grid_name(message.name()),
                 document.error().text());
    hub.respond(session_, unreadable(message));
    session_.send(invalid_data(message));
}

void Rpcs::end_for_bad_data(const wire::RpcMessage& message) {
    session_.send(invalid_data(message));
    session_.end_for_bad_data();
}

bool Rpcs::is_permitted(Action action, const std::string& name, const wire::RpcMessage& message) {
    const std::string data = to_utf8_json(message.data());
    const PayloadEvidence evidence(session_.hub().grid(), data);
    const Decision decision = session_.decide(action, to_grid_name(name), evidence);
    if (decision.is_allowed) return true;
    session_.send(denial_of<RpcAction>(message, name, decision.has_failed));
    return false;
}

}  // namespace ringside::gateway::deepstream
