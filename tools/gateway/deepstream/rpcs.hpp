#pragma once

#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// The remote procedure calls of one connection, both as caller and as provider. See RpcHub.
class Rpcs {
public:
    explicit Rpcs(Session& session) noexcept : session_(session) {}

    void take(const wire::RpcMessage& message);

private:
    void provide(const wire::RpcMessage& message);
    void acknowledge_provide(const std::string& correlation_id);
    void unprovide(const wire::RpcMessage& message);
    void request(const wire::RpcMessage& message);
    void respond(const wire::RpcMessage& message);
    [[nodiscard]] bool is_permitted(Action action, const std::string& name,
                                    const wire::RpcMessage& message);
    /// Text that is not JSON at all ends the connection.
    void end_for_bad_data(const wire::RpcMessage& message);

    Session& session_;
    std::size_t provided_ = 0;     ///< number of names
    bool is_full_logged_ = false;  ///< the refusal of names was logged
};

}  // namespace ringside::gateway::deepstream
