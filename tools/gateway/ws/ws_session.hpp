#pragma once

#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shm/base/limits.hpp"
#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/connection.hpp"
#include "tools/gateway/watch/feed.hpp"
#include "tools/gateway/ws/ws_providers.hpp"

namespace ringside::gateway {

/// What the sessions of all WebSockets use.
struct WsServices {
    Operations& operations;
    WsProviders& providers;
    Feed& feed;
    Feed& system_feed;
    GatewayFigures& figures;
    /// 429 for a requester that asks too often.
    std::function<std::optional<Problem>(const Requester&)> check_rate;
};

/// A WebSocket (RFC 6455) with requests, watches and providers of one client; the messages are in
/// docs/gateway.md. Thread safety: that of the loop.
class WsSession : public Sink, public std::enable_shared_from_this<WsSession> {
public:
    WsSession(WsServices services, Connection& connection, Requester requester);
    ~WsSession() override;

    /// Answers the upgrade, and serves until either side ends it.
    static Task<void> run(std::shared_ptr<WsSession> session,
                          http::request<http::string_body> upgrade);

    // Of its watches.
    [[nodiscard]] bool has_room() const noexcept override {
        return queued_bytes_ < changes_bytes_max;
    }
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription& subscription, const Place& place) override;

    /// A call of one of its providers.
    void offer(std::uint64_t provider, std::shared_ptr<Call> call);

    static constexpr std::size_t message_bytes_max =
        limits::document_bytes_max + limits::envelope_bytes_max;
    static constexpr std::size_t changes_bytes_max = 256U << 10;
    /// Where this much waits to be sent, no further request is read.
    static constexpr std::size_t queued_bytes_max = 4U << 20;
    static constexpr std::size_t requests_max = 1000;
    static constexpr std::size_t watches_max = 256;
    static constexpr std::size_t providers_max = 16;

private:
    using WebSocket = boost::beast::websocket::stream<Stream&>;
    struct Message {
        std::string text;
        std::shared_ptr<const ChangeText> change;  ///< follows the text, and ends with a brace
        [[nodiscard]] std::size_t size() const noexcept {
            return text.size() + (change ? change->text().size() + 1 : 0);
        }
    };
    /// A request that is carried out, with what has to live as long.
    struct Exchange {
        Document document;
        std::string id;  ///< as JSON
    };
    using Reply = Outcome<std::string>;  ///< further members, `,"revision":…`

    Task<void> read_messages();
    Task<void> write_queue();
    void put(Message message);
    void take(std::string_view text);
    void take_request(Document document);
    void reply(const std::string& id, const Reply& answer);
    void end(boost::beast::websocket::close_code code, std::string_view reason);

    Task<void> carry_out(std::shared_ptr<Exchange> exchange);
    Task<Reply> answer(const Value& request, std::string_view op);
    Task<Reply> write(const Value& request, Write::Kind kind);
    Task<Reply> commit(const Value& request);
    Task<Reply> publish(const Value& request);
    Task<Reply> call(const Value& request);
    Task<Reply> provide(const Value& request);
    Task<Reply> answer_call(const Value& request);
    [[nodiscard]] Reply get(const Value& request);
    [[nodiscard]] Reply watch(const Value& request);
    [[nodiscard]] Reply unwatch(const Value& request);
    Task<Reply> withdraw(const Value& request);

    const WsServices services_;
    Connection& connection_;
    const std::shared_ptr<Connection> alive_;
    const Requester requester_;
    WebSocket socket_;
    std::deque<Message> queue_;
    std::size_t queued_bytes_ = 0;
    bool is_writing_ = false;
    bool is_over_ = false;
    std::size_t under_way_ = 0;
    std::uint64_t ids_ = 0;  ///< of watches, providers and calls
    std::map<std::uint64_t, std::unique_ptr<Subscription>> watches_;
    std::map<std::uint64_t, WsProviders::Place> providers_;
    std::map<std::uint64_t, std::shared_ptr<Call>> calls_;
};

/// What a request to watch asks for. Problem: 400.
[[nodiscard]] Outcome<WatchRequest> watch_request_of(const Value& request);

}  // namespace ringside::gateway
