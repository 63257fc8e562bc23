#include "tools/gateway/ws/ws_session.hpp"

#include <fmt/format.h>

#include <boost/beast/websocket/rfc6455.hpp>

#include "tools/gateway/http/server.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

namespace websocket = boost::beast::websocket;

namespace {

constexpr std::size_t message_read_bytes = 64U << 10;  ///< bytes requested at a time
constexpr std::size_t buffer_bytes_kept = 64U << 10;   ///< by a connection without a message

}  // namespace

WsSession::WsSession(WsServices services, Connection& connection, Requester requester)
    : services_(std::move(services)),
      connection_(connection),
      alive_(connection.shared_from_this()),
      requester_(std::move(requester)),
      socket_(connection.stream()),
      incoming_memory_(connection.server().stream_memory(), requester_.account()),
      under_way_memory_(connection.server().stream_memory(), requester_.account()),
      outgoing_memory_(connection.server().stream_memory(), requester_.account()),
      rights_due_(Clock::now() + rights_check_interval) {
    ++services_.figures.websockets_open;
    connection_.server().add(*this);
}

WsSession::~WsSession() {
    connection_.server().remove(*this);
    --services_.figures.websockets_open;
}

Task<void> WsSession::run(std::shared_ptr<WsSession> session,
                          http::request<http::string_body> upgrade) {
    session->connection_.expect_nothing();  // the WebSocket has its own deadlines
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
            alive->end(websocket::close_code::going_away, "the gateway is shutting down");
        }
    });
    co_await session->read_messages();
    session->release_all();
    session->connection_.on_drain(nullptr);
    // A close frame that is under way must reach the client.
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> pause(
        session->connection_.stream().get_executor());
    while (session->is_closing_) {
        pause.expires_after(std::chrono::milliseconds(20));
        co_await pause.async_wait(use_task);
    }
    co_await session->connection_.linger();
    session->connection_.cut();
}

/// Releases watches, providers and calls. Calls end with `provider_lost`: the client may have
/// carried them out.
void WsSession::release_all() {
    is_over_ = true;
    watches_.clear();
    providers_.clear();
    for (auto& [id, taken] : calls_) services_.operations.grid().dispose(std::move(taken.call));
    calls_.clear();
}

Task<void> WsSession::read_messages() {
    boost::beast::flat_buffer buffer;
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> pause(
        connection_.stream().get_executor());
    while (!is_over_ && co_await read_message(buffer)) {
        // Done here and not in each request, to keep the order of the messages.
        GridAccess& grid = services_.operations.grid();
        if (grid.is_attaching()) co_await grid.await_reader();
        if (is_over_) break;  // the user's rights were withdrawn meanwhile
        if (!socket_.got_text()) {
            end(websocket::close_code::unknown_data, "messages must be text");
        } else {
            const auto text = buffer.cdata();
            take({static_cast<const char*>(text.data()), text.size()});
        }
        buffer.consume(buffer.size());
        if (buffer.capacity() > buffer_bytes_kept) buffer.shrink_to_fit();
        incoming_memory_.set(0);
        while (has_to_pause()) {
            pause.expires_after(std::chrono::milliseconds(20));
            co_await pause.async_wait(use_task);
        }
    }
}

/// Reads in pieces, so that memory and time of an incomplete message are bounded. Returns false if
/// there is no message.
Task<bool> WsSession::read_message(boost::beast::flat_buffer& buffer) {
    do {
        const auto [failed, count] =
            co_await socket_.async_read_some(buffer, message_read_bytes, use_task);
        if (failed) co_return false;
        connection_.server().counts().bytes_received += count;
        if (is_over_) co_return false;
        if (message_due_ == Clock::time_point::max() && !socket_.is_message_done()) {
            message_due_ = Clock::now() + connection_.server().limits().body_time;
        }
        if (buffer.capacity() > buffer_bytes_kept && !incoming_memory_.resize(buffer.capacity())) {
            end(websocket::close_code::try_again_later,
                "too many requests are pending; try again later");
            co_return false;
        }
    } while (!socket_.is_message_done());
    message_due_ = Clock::time_point::max();
    co_return true;
}

bool WsSession::has_to_pause() const noexcept {
    if (is_over_) return false;
    const bool has_memory = under_way_ == 0 || under_way_memory_.has_room();
    return queued_bytes_ > queued_bytes_max || under_way_bytes_ > under_way_bytes_max ||
           !has_memory;
}

void WsSession::end(websocket::close_code code, std::string_view reason) {
    if (std::exchange(is_over_, true)) return;
    is_closing_ = true;
    socket_.async_close({code, {reason.data(), reason.size()}},
                        [self = shared_from_this()](const error_code&) {
                            self->is_closing_ = false;
                            // Ends a read that is under way.
                            error_code ignored;
                            self->connection_.stream().socket().cancel(ignored);
                        });
}

// Checks.

void WsSession::check(Clock::time_point now) {
    if (is_over_) return;
    if (now >= message_due_) {
        return end(websocket::close_code::policy_error, "no message in time");
    }
    check_calls();
    check_rights(now);
    if (is_over_ || is_writing_ || !std::exchange(was_full_, false)) return;
    for (const auto& [id, watch] : watches_) watch->go_on();
}

/// Calls that were cancelled or have timed out.
void WsSession::check_calls() {
    for (auto at = calls_.begin(); at != calls_.end();) {
        TakenCall& taken = at->second;
        if (taken.is_being_answered || !taken.call->is_cancelled()) {
            ++at;
            continue;
        }
        put({fmt::format(R"({{"provider":{},"cancelled":{}}})", taken.provider, at->first),
             nullptr});
        at = calls_.erase(at);
    }
}

void WsSession::check_rights(Clock::time_point now) {
    if (now < rights_due_) return;
    rights_due_ = now + rights_check_interval;
    const Rights rights = services_.check_rights(requester_);
    if (rights == Rights::unchanged) return;
    if (rights == Rights::ended) {
        return end(websocket::close_code::policy_error, "credentials are no longer valid");
    }
    bool may_go_on = true;
    for (const auto& [id, watch] : watches_) may_go_on = watch->adopt(requester_) && may_go_on;
    for (const auto& [id, provided] : providers_) {
        may_go_on = may_go_on && requester_.permissions->coverage(
                                     Action::provide, provided.pattern) == Coverage::all;
    }
    if (!may_go_on) end(websocket::close_code::policy_error, "permissions were revoked");
}

// Output.

bool WsSession::has_room() const noexcept {
    const bool may_have = outgoing_memory_.has_room() || (is_modest_ && queued_bytes_ == 0);
    const bool has = queued_bytes_ < changes_bytes_max && may_have;
    was_full_ = was_full_ || !has;
    return has;
}

void WsSession::put(Message message) {
    if (is_over_) return;
    queued_bytes_ += message.size();
    const bool is_shared = message.change != nullptr && message.change.use_count() > 2;
    message.charged = is_shared ? message.text.size() : message.size();
    outgoing_memory_.set(outgoing_memory_.bytes() + message.charged);
    connection_.server().counts().bytes_sent += message.size();
    queue_.push_back(std::move(message));
    if (std::exchange(is_writing_, true)) return;
    spawn(connection_.stream().get_executor(), write_queue(), "a WebSocket");
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
        outgoing_memory_.set(outgoing_memory_.bytes() - message.charged);
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
    is_modest_ = text->text().size() <= ByteBudget::modest_bytes;
    put({std::move(head), text});
}

void WsSession::tell_place(const Subscription& subscription, const Place& place) {
    put({fmt::format(R"({{"watch":{},"kind":"live","place":"{}"}})", subscription.id, place.text()),
         nullptr});
}

void WsSession::offer(std::uint64_t provider, std::shared_ptr<Call> call) {
    if (is_over_ || queued_bytes_ > queued_bytes_max) {
        return services_.operations.grid().reject(std::move(call));
    }
    const std::uint64_t id = ++ids_;
    std::string text = fmt::format(R"({{"provider":{},"call":{},"name":)", provider, id);
    append_json_string(call->name(), text);
    text += R"(,"document":)";
    append_json(call->document(), text);
    calls_.emplace(id, TakenCall{std::move(call), provider});
    put({text + '}', nullptr});
}

void WsSession::take(std::string_view text) {
    ++services_.figures.websocket_messages;
    auto document = Document::parse(text, envelope_limits);
    if (!document) return refuse_text(text, document.error());
    if (!document->root().is_object()) {
        return end(websocket::close_code::unknown_data, "a message must be a JSON object");
    }
    take_request(*std::move(document));
}

/// JSON that the grid cannot hold affects only its own request.
void WsSession::refuse_text(std::string_view text, const Error& error) {
    if (const auto id = request_id_of(text)) return reply(*id, Problem::of(error));
    end(websocket::close_code::bad_payload, "a message must be a JSON object");
}

void WsSession::take_request(Document document) {
    const Value id = document.root()["id"];
    const bool is_id = id.is_string() || id.as_int64() || id.as_uint64();
    // Parts of the document are copied as well.
    const std::size_t bytes = 2 * document.bytes().size();
    auto exchange = std::make_shared<Exchange>(
        Exchange{std::move(document), is_id ? to_json(id) : std::string("null"), bytes});
    if (!is_id) return reply(exchange->id, bad_request("'id' must be a number or a string"));
    if (auto problem = services_.check_rate(requester_)) {
        return reply(exchange->id, *std::move(problem));
    }
    if (under_way_ >= requests_max) {
        return reply(exchange->id, Problem{429, "too_many_requests",
                                           "too many requests are pending; wait for answers"});
    }
    ++under_way_;
    under_way_bytes_ += bytes;
    under_way_memory_.set(under_way_bytes_);
    spawn(connection_.stream().get_executor(), carry_out(std::move(exchange)), "a request");
}

void WsSession::reply(const std::string& id, const Reply& answer) {
    if (answer) return put({fmt::format(R"({{"id":{},"ok":true{}}})", id, *answer), nullptr});
    put({fmt::format(R"({{"id":{},"ok":false,"error":{}}})", id, answer.error().to_json()),
         nullptr});
}

}  // namespace ringside::gateway
