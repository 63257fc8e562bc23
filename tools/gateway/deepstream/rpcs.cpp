#include "tools/gateway/deepstream/rpcs.hpp"

#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

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
        default: spdlog::debug("an RPC's action {} is not known", message.action());
    }
}

void Rpcs::provide(const wire::RpcMessage& message) {
    for (const std::string& name : message.names()) {
        if (!is_permitted(Action::provide, name, message)) continue;
        if (provided_ >= RpcHub::names_max) {
            return session_.end(boost::beast::websocket::close_code::policy_error,
                                "this connection provides as much as it may");
        }
        if (session_.hub().rpc().provide(session_, name)) {
            ++provided_;
            continue;
        }
        auto refusal = rpc_message(RpcAction::multiple_providers);
        refusal.set_name(name);
        refusal.set_original_action(message.action());
        session_.send(refusal);
    }
    auto ack = rpc_message(RpcAction::provide);
    ack.set_correlation_id(message.correlation_id());
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
    if (!is_good(message) || !is_permitted(Action::call, message.name(), message)) return;
    session_.hub().rpc().request(session_, message);
}

void Rpcs::respond(const wire::RpcMessage& message) {
    if (is_good(message)) session_.hub().rpc().respond(session_, message);
}

bool Rpcs::is_good(const wire::RpcMessage& message) {
    if (!message.has_data() || document_from_json(message.data())) return true;
    auto refusal = message;
    refusal.set_action(static_cast<std::int32_t>(RpcAction::invalid_message_data));
    refusal.set_original_action(message.action());
    session_.send(refusal);
    session_.end_for_bad_data();
    return false;
}

bool Rpcs::is_permitted(Action action, const std::string& name, const wire::RpcMessage& message) {
    const PayloadEvidence evidence(session_.hub().grid(), message.data());
    const Decision decision = session_.decide(action, to_grid_name(name), evidence);
    if (decision.is_allowed) return true;
    session_.send(denial_of<RpcAction>(message, name, decision.has_failed));
    return false;
}

}  // namespace ringside::gateway::deepstream
