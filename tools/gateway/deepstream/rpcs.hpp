#pragma once

#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// The remote procedures of one connection: what it calls and what it provides. See RpcHub.
class Rpcs {
public:
    explicit Rpcs(Session& session) noexcept : session_(session) {}

    void take(const wire::RpcMessage& message);

private:
    void provide(const wire::RpcMessage& message);
    void unprovide(const wire::RpcMessage& message);
    void request(const wire::RpcMessage& message);
    void respond(const wire::RpcMessage& message);
    [[nodiscard]] bool is_permitted(Action action, const std::string& name,
                                    const wire::RpcMessage& message);
    /// False: the client was told that what it sent is no JSON, and is being sent away.
    [[nodiscard]] bool is_good(const wire::RpcMessage& message);

    Session& session_;
    std::size_t provided_ = 0;  ///< how many names
};

}  // namespace ringside::gateway::deepstream
