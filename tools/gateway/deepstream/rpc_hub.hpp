#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/grid_registrations.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// Routes requests to providers and their answers back, for all connections.
///
/// A request of a connection is offered to the providers of this gateway in turn, until one does
/// not reject it. If all reject it, it becomes a call of the grid, for providers elsewhere. Names
/// that are provided here are also provided in the grid, so that calls of other processes arrive
/// here.
///
/// A request is *asked* (offered to one provider), *accepted*, or *abroad* (a call of the grid). It
/// ends at the first of these: a response or error of the current provider; a timeout; no providers
/// left; the end of the connection that accepted it; the end of its caller.
/// Thread safety: that of the loop.
class RpcHub {
public:
    RpcHub(Hub& hub, asio::io_context& loop);
    ~RpcHub();

    using OnProvided = std::function<void()>;

    /// Calls `on_provided` on the loop, after this function, once calls from other processes reach
    /// the name, or if the grid has refused it and only this gateway serves it.
    /// Returns false, without a call of `on_provided`, if the connection provides the name already.
    bool provide(Session& session, const std::string& name, OnProvided on_provided);
    /// Returns false if the connection did not provide it.
    bool unprovide(Session& session, const std::string& name);
    /// Returns whether the current rights still allow everything that the connection provides.
    [[nodiscard]] bool may_go_on(Session& session) const;
    void request(Session& caller, const wire::RpcMessage& message);
    // The provider's reactions to a request.
    void accept(Session& provider, const wire::RpcMessage& message);
    void reject(Session& provider, const wire::RpcMessage& message);
    void respond(Session& provider, const wire::RpcMessage& message);
    /// Called when a connection has ended.
    void forget(Session& session);

    /// Concurrent calls of one connection; further ones get NO_RPC_PROVIDER.
    static constexpr std::size_t requests_max = 1000;
    /// Names that one connection may provide.
    static constexpr std::size_t names_max = 4096;

    /// The provider's answer to a call that no connection has made.
    struct Answer {
        RpcAction action = RpcAction::response;  ///< or request_error, or why there is none
        std::string data;                        ///< JSON; empty if none
    };
    using OnAnswer = std::function<void(const Answer& answer)>;
    void request(const std::string& name, std::string data, OnAnswer on_answer);

private:
    struct Rpc;
    using RpcPtr = std::shared_ptr<Rpc>;
    struct Name {
        std::vector<Session*> providers;
        std::unique_ptr<ProviderRegistrations::Registration> place;
    };

    void register_name(Name& entry, const std::string& name);
    void route(const RpcPtr& rpc);
    void ask(const RpcPtr& rpc, Session& provider);
    void go_abroad(const RpcPtr& rpc);
    void on_abroad(const RpcPtr& rpc, const Result<ringside::Answer>& outcome);
    void on_call(std::shared_ptr<Call> call);
    void end(const RpcPtr& rpc, RpcAction action, const std::string* data);
    void answer_call(Rpc& rpc, RpcAction action, const std::string* data);
    void on_time(const RpcPtr& rpc);
    void expect_within(const RpcPtr& rpc, std::chrono::milliseconds time);
    [[nodiscard]] RpcPtr find(Session& provider, const wire::RpcMessage& message);
    [[nodiscard]] bool was_refused_here(const Call& call) const;
    void take_from(Session& provider, const RpcPtr& rpc);
    void refuse_id(Session& provider, const wire::RpcMessage& message);

    Hub& hub_;
    asio::io_context& loop_;
    ProviderRegistrations posts_;
    TextMap<Name> names_;  ///< keyed by names in deepstream's form
    /// Requests under way, by provider and by the id under which the provider knows them.
    std::unordered_map<Session*, TextMap<RpcPtr>> asked_;
    std::unordered_map<Session*, std::vector<std::weak_ptr<Rpc>>> called_;  ///< by caller
    std::vector<std::weak_ptr<Rpc>> abroad_;
    std::uint64_t ids_ = 0;
    std::minstd_rand random_;
};

}  // namespace ringside::gateway::deepstream
