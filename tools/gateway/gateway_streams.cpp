#include <boost/beast/websocket/rfc6455.hpp>

#include "tools/gateway/deepstream/session.hpp"
#include "tools/gateway/gateway.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/gateway/rest/request_checks.hpp"
#include "tools/gateway/rest/watch_parameters.hpp"

/// Requests that become streams: server-sent events and WebSockets.
namespace ringside::gateway {

namespace {

Response upgrade_required() {
    Response refusal = Response::of(
        {426, "upgrade_required", "WebSocket required; upgrade with version 13 (RFC 6455)"});
    refusal.add("Upgrade", "websocket");
    refusal.add("Connection", "Upgrade");
    return refusal;
}

}  // namespace

Response Gateway::begin_watch(const Request& request, const Requester& requester) {
    if (!request.is_read()) return other_method(request, "GET, HEAD, OPTIONS");
    auto watch = watch_request_of(request);
    if (!watch) return Response::of(watch.error());
    for (const auto& [kind, action] : {std::pair(WatchFor::changes, Action::read),
                                       std::pair(WatchFor::events, Action::subscribe)}) {
        if (!includes(watch->what, kind)) continue;
        if (auto problem = requester.refuse_pattern(action, watch->pattern)) {
            return Response::of(*problem);
        }
    }
    Feed& feed = watch->pattern.text().starts_with('$') ? system_feed_ : feed_;
    Response response{.content_type = "text/event-stream"};
    response.add("Cache-Control", "no-store");
    response.add("X-Accel-Buffering", "no");
    response.stream = [this, &feed, requester, check = rights_check_of(request),
                       watch = *std::move(watch)](Connection& connection) -> Task<void> {
        return SseStream::run(std::make_shared<SseStream>(streams_, connection, requester, check),
                              feed, watch);
    };
    return response;
}

Response Gateway::begin_deepstream(const Request& request) {
    if (!boost::beast::websocket::is_upgrade(request.message)) return upgrade_required();
    Response response{.status = 101};
    auto asked = std::make_shared<http::request<http::string_body>>(request.message);
    response.upgrade = [this, asked = std::move(asked)](Connection& connection) {
        return deepstream::Session::run(
            std::make_shared<deepstream::Session>(*deepstream_, connection, std::move(*asked)));
    };
    return response;
}

Response Gateway::begin_web_socket(const Request& request, const Requester& requester) {
    if (!boost::beast::websocket::is_upgrade(request.message)) return upgrade_required();
    if (auto problem = check_parameters(request, {access_token})) return Response::of(*problem);
    Response response{.status = 101};
    response.upgrade = [this, requester, upgrade = request.message,
                        check = rights_check_of(request)](Connection& connection) {
        const auto check_its_rate = [this](const Requester& asks) {
            return check_rate(asks, asks.address);
        };
        const WsServices services{operations_, ws_providers_,  feed_, system_feed_,
                                  figures_,    check_its_rate, check};
        return WsSession::run(std::make_shared<WsSession>(services, connection, requester),
                              upgrade);
    };
    return response;
}

}  // namespace ringside::gateway
