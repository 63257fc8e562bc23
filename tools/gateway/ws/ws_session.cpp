#include "tools/gateway/ws/ws_session.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "tools/gateway/http/server.hpp"

namespace ringside::gateway {

namespace websocket = boost::beast::websocket;

WsSession::WsSession(WsServices services, Connection& connection, Requester requester)
    : services_(std::move(services)),
      connection_(connection),
      alive_(connection.shared_from_this()),
      requester_(std::move(requester)),
      socket_(connection.stream()) {
    ++services_.figures.websockets_open;
}

WsSession::~WsSession() {
    --services_.figures.websockets_open;
    // A call that is let go is rejected, which may wait.
    for (auto& [id, call] : calls_) services_.operations.grid().dispose(std::move(call));
}

Task<void> WsSession::run(std::shared_ptr<WsSession> session,
                          http::request<http::string_body> upgrade) {
    session->connection_.expect_nothing();  // the WebSocket looks after its own time
    session->socket_.set_option(
        websocket::stream_base::timeout::suggested(boost::beast::role_type::server));
    session->socket_.set_option(
        websocket::stream_base::decorator([](websocket::response_type& response) {
            response.set(http::field::server, server_name);
        }));
    session->socket_.read_message_max(message_bytes_max);
    session->socket_.text(true);
    const auto [failed] = co_await session->socket_.async_accept(upgrade, use_task);
    if (failed) co_return;
    session->connection_.on_drain([weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) {
            alive->end(websocket::close_code::going_away, "the gateway is being ended");
        }
    });
    co_await session->read_messages();
    session->is_over_ = true;
    session->connection_.on_drain(nullptr);
    session->watches_.clear();
    session->providers_.clear();
    session->connection_.cut();
}

Task<void> WsSession::read_messages() {
    boost::beast::flat_buffer buffer;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        pause(connection_.stream().get_executor());
    while (!is_over_) {
        const auto [failed, count] = co_await socket_.async_read(buffer, use_task);
        if (failed) co_return;
        connection_.server().counts().bytes_received += count;
        if (!socket_.got_text()) {
            end(websocket::close_code::unknown_data, "messages are text");
        } else {
            const auto text = buffer.cdata();
            take({static_cast<const char*>(text.data()), text.size()});
        }
        buffer.consume(buffer.size());
        if (buffer.capacity() > queued_bytes_max) buffer.shrink_to_fit();
        while (!is_over_ && queued_bytes_ > queued_bytes_max) {
            pause.expires_after(std::chrono::milliseconds(20));
            co_await pause.async_wait(use_task);
        }
    }
}

void WsSession::end(websocket::close_code code, std::string_view reason) {
    if (std::exchange(is_over_, true)) return;
    socket_.async_close(
        {code, {reason.data(), reason.size()}},
        [self = shared_from_this()](const error_code&) { self->connection_.cut(); });
}

void WsSession::put(Message message) {
    if (is_over_) return;
    queued_bytes_ += message.size();
    connection_.server().counts().bytes_sent += message.size();
    queue_.push_back(std::move(message));
    if (std::exchange(is_writing_, true)) return;
    asio::co_spawn(connection_.stream().get_executor(), write_queue(), asio::detached);
}

Task<void> WsSession::write_queue() {
    const auto self = shared_from_this();
    while (!queue_.empty() && !is_over_) {
        const Message& message = queue_.front();
        constexpr std::string_view brace = "}";
        const std::array<asio::const_buffer, 3> parts{
            asio::buffer(message.text),
            message.change ? asio::buffer(message.change->text()) : asio::const_buffer(),
            message.change ? asio::buffer(brace) : asio::const_buffer()};
        connection_.expect_within(connection_.server().limits().write_time);
        const auto [failed, count] = co_await socket_.async_write(parts, use_task);
        connection_.expect_nothing();
        if (failed) {
            connection_.cut();
            break;
        }
        queued_bytes_ -= message.size();
        queue_.pop_front();
        if (!queue_.empty() || is_over_) continue;
        for (const auto& [id, watch] : watches_) watch->go_on();
    }
    is_writing_ = false;
}

void WsSession::tell(const Subscription& subscription,
                     const std::shared_ptr<const ChangeText>& text,
                     const std::optional<Place>& place) {
    ++services_.figures.changes_sent;
    std::string head = fmt::format(R"({{"watch":{},)", subscription.id);
    if (place) head += fmt::format(R"("place":"{}",)", place->text());
    put({std::move(head), text});
}

void WsSession::tell_place(const Subscription& subscription, const Place& place) {
    put({fmt::format(R"({{"watch":{},"kind":"live","place":"{}"}})", subscription.id, place.text()),
         nullptr});
}

void WsSession::offer(std::uint64_t provider, std::shared_ptr<Call> call) {
    const std::uint64_t id = ++ids_;
    std::string text = fmt::format(R"({{"provider":{},"call":{},"name":)", provider, id);
    append_json_string(call->name(), text);
    text += R"(,"document":)";
    append_json(call->document(), text);
    calls_.emplace(id, std::move(call));
    put({text + '}', nullptr});
}

void WsSession::take(std::string_view text) {
    ++services_.figures.websocket_messages;
    auto document = Document::parse(text, envelope_limits);
    if (!document) {
        return end(websocket::close_code::bad_payload, "a message is a JSON object");
    }
    if (!document->root().is_object()) {
        return end(websocket::close_code::unknown_data, "a message is a JSON object");
    }
    take_request(*std::move(document));
}

void WsSession::take_request(Document document) {
    const Value id = document.root()["id"];
    const bool is_id = id.is_string() || id.as_int64() || id.as_uint64();
    auto exchange = std::make_shared<Exchange>(
        Exchange{std::move(document), is_id ? to_json(id) : std::string("null")});
    if (!is_id) return reply(exchange->id, bad_request("'id' must be a number or a string"));
    if (auto problem = services_.check_rate(requester_)) {
        return reply(exchange->id, *std::move(problem));
    }
    if (under_way_ >= requests_max) {
        return reply(exchange->id, Problem{429, "too_many_requests", "wait for answers first"});
    }
    ++under_way_;
    asio::co_spawn(connection_.stream().get_executor(), carry_out(std::move(exchange)),
                   asio::detached);
}

void WsSession::reply(const std::string& id, const Reply& answer) {
    if (answer) return put({fmt::format(R"({{"id":{},"ok":true{}}})", id, *answer), nullptr});
    put({fmt::format(R"({{"id":{},"ok":false,"error":{}}})", id, answer.error().to_json()),
         nullptr});
}

}  // namespace ringside::gateway
