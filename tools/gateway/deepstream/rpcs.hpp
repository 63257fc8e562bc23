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
    /// Text that is no JSON at all ends the connection.
    void end_for_bad_data(const wire::RpcMessage& message);

    Session& session_;
    std::size_t provided_ = 0;     ///< how many names
    bool is_full_logged_ = false;  ///< that names were refused
};

}  // namespace ringside::gateway::deepstream
