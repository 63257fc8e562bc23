#include "tools/gateway/deepstream/hub.hpp"

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/presence_hub.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Returns the values of {claim.NAME} for rules: the texts in the data that the login supplied.
Claims claims_of(const std::string& data) {
    Claims claims;
    const auto document = document_from_json(data);
    if (!document) return claims;
    for (const auto& [key, value] : Value::of(*document).members()) {
        if (const auto text = value.as_string()) claims.emplace(key, *text);
    }
    return claims;
}

}  // namespace

Hub::Hub(asio::io_context& loop, Operations& its_operations, Feed& its_feed, Feed& its_system_feed,
         Options its_options, const LoginLimits& limits, PermissionsOf permissions_of)
    : operations(its_operations),
      feed(its_feed),
      system_feed(its_system_feed),
      figures(its_operations.figures()),
      options(std::move(its_options)),
      permissions_of_(std::move(permissions_of)),
      desk_(loop.get_executor(), limits),
      listeners_(loop, operations.grid(),
                 [](Client& client, OnRegistered on_registered) {
                     return client.listen(std::move(on_registered));
                 }),
      rpc_(std::make_unique<RpcHub>(*this, loop)),
      presence_(std::make_unique<PresenceHub>(*this, loop)) {}

Hub::~Hub() = default;

Requester Hub::requester_for(const Login& login, std::string address) const {
    auto identity = std::make_shared<Identity>();
    identity->user = login.id;
    identity->is_anonymous = !login.is_known();
    if (login.server_data) {
        identity->data = *login.server_data;
        identity->claims = claims_of(*login.server_data);
    }
    auto permissions = permissions_of_(*identity);
    return {std::move(identity), std::move(permissions), std::move(address)};
}

}  // namespace ringside::gateway::deepstream
