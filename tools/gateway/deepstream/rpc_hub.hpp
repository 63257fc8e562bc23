#pragma once

#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/grid_posts.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// Brings requests to providers, and their answers back, for all connections.
///
/// A request of a connection goes to a provider of this gateway, one after another until one does
/// not reject it, and then, as a call of the grid, to whoever else provides the name. Whatever is
/// provided here is provided in the grid, so that calls of other processes come here, too.
///
/// A request is *asked* (of one provider), *accepted*, or *abroad* (a call of the grid). It ends
/// with the first of: a response or error of that provider, and of nobody else; a time-out; nobody
/// left to ask; the end of the connection that has accepted it; the end of its caller.
/// Thread safety: that of the loop.
class RpcHub {
public:
    RpcHub(Hub& hub, asio::io_context& loop, const std::string& grid);
    ~RpcHub();

    /// False: this connection provides it already.
    bool provide(Session& session, const std::string& name);
    /// False: it did not.
    bool unprovide(Session& session, const std::string& name);
    void request(Session& caller, const wire::RpcMessage& message);
    // What a provider says of a request.
    void accept(Session& provider, const wire::RpcMessage& message);
    void reject(Session& provider, const wire::RpcMessage& message);
    void respond(Session& provider, const wire::RpcMessage& message);
    /// A connection has ended.
    void forget(Session& session);

    /// Calls of one connection at a time; further ones hear NO_RPC_PROVIDER.
    static constexpr std::size_t requests_max = 1000;
    /// Names that one connection may provide.
    static constexpr std::size_t names_max = 4096;

    /// For those who are no connection: the answer of whoever provides it.
    struct Answer {
        RpcAction action = RpcAction::response;  ///< or request_error, or why there is none
        std::string data;                        ///< JSON; empty: none
    };
    using OnAnswer = std::function<void(const Answer& answer)>;
    void request(const std::string& name, std::string data, OnAnswer on_answer);

private:
    struct Rpc;
    using RpcPtr = std::shared_ptr<Rpc>;
    struct Name {
        std::vector<Session*> providers;
        std::unique_ptr<ProviderPosts::Place> place;
    };

    void route(const RpcPtr& rpc);
    void ask(const RpcPtr& rpc, Session& provider);
    void go_abroad(const RpcPtr& rpc);
    void on_abroad(const RpcPtr& rpc, const Result<ringside::Answer>& outcome);
    void on_call(std::shared_ptr<Call> call);
    void end(const RpcPtr& rpc, RpcAction action, const std::string* data);
    void answer_call(Rpc& rpc, RpcAction action, const std::string* data, bool was_accepted);
    void on_time(const RpcPtr& rpc);
    void expect_within(const RpcPtr& rpc, std::chrono::milliseconds time);
    [[nodiscard]] RpcPtr find(Session& provider, const wire::RpcMessage& message);
    [[nodiscard]] bool was_refused_here(const Call& call) const;
    void take_from(Session& provider, const RpcPtr& rpc);
    void refuse_id(Session& provider, const wire::RpcMessage& message);

    Hub& hub_;
    asio::io_context& loop_;
    ProviderPosts posts_;
    TextMap<Name> names_;  ///< as deepstream has them
    /// Under way, of each provider by the id that it knows the request by.
    std::unordered_map<Session*, TextMap<RpcPtr>> asked_;
    std::unordered_map<Session*, std::vector<std::weak_ptr<Rpc>>> called_;  ///< of each caller
    std::vector<std::weak_ptr<Rpc>> abroad_;
    std::uint64_t ids_ = 0;
    std::minstd_rand random_;
};

}  // namespace ringside::gateway::deepstream
