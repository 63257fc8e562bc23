#include "tools/gateway/deepstream/session.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "tools/gateway/http/server.hpp"

namespace ringside::gateway::deepstream {

namespace websocket = boost::beast::websocket;

Session::Session(Hub& hub, Connection& connection, Requester requester)
    : hub_(hub),
      connection_(connection),
      alive_(connection.shared_from_this()),
      requester_(std::move(requester)),
      stream_(std::make_shared<CorkedStream>(connection)),
      socket_(*stream_),
      records_(*this),
      events_(*this) {
    ++hub_.figures.websockets_open;
}

Session::~Session() { --hub_.figures.websockets_open; }

Task<void> Session::run(std::shared_ptr<Session> session,
                        http::request<http::string_body> upgrade) {
    Session& self = *session;
    self.connection_.expect_nothing();  // the WebSocket looks after its own time
    self.socket_.set_option(websocket::stream_base::timeout{
        handshake_time, 2 * self.hub_.options.heartbeat, true});
    self.socket_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.erase(http::field::server); }));
    self.socket_.read_message_max(self.hub_.options.message_bytes_max);
    self.socket_.auto_fragment(false);
    self.socket_.binary(true);
    const auto [failed] = co_await self.socket_.async_accept(upgrade, use_task);
    if (failed) co_return;
    self.connection_.on_drain([weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) {
            alive->end(websocket::close_code::going_away, "the gateway is being ended");
        }
    });
    self.stream_->on_drained([weak = std::weak_ptr(session)] {
        const auto alive = weak.lock();
        if (!alive || alive->is_over_) return;
        alive->records_.go_on();
        alive->events_.go_on();
    });
    asio::co_spawn(self.executor(), limit_login_time(session), asio::detached);
    co_await self.read_messages();
    self.is_over_ = true;
    self.connection_.on_drain(nullptr);
    self.stream_->on_drained(nullptr);
    self.records_.clear();
    self.events_.clear();
    self.connection_.cut();
}

Task<void> Session::read_messages() {
    boost::beast::flat_buffer buffer;
    Timer pause(executor());
    while (!is_over_) {
        const auto [failed, count] = co_await socket_.async_read(buffer, use_task);
        if (failed) co_return;
        connection_.server().counts().bytes_received += count;
        ++hub_.figures.websocket_messages;
        if (!socket_.got_binary()) {
            end(websocket::close_code::unknown_data, "messages are binary");
            break;
        }
        const auto bytes = buffer.cdata();
        co_await take({static_cast<const char*>(bytes.data()), bytes.size()});
        buffer.consume(buffer.size());
        if (buffer.capacity() > buffer_bytes_kept) buffer.shrink_to_fit();
        while (!is_over_ && stream_->waiting_bytes() > waiting_bytes_max) {
            pause.expires_after(std::chrono::milliseconds(20));
            co_await pause.async_wait(use_task);
        }
    }
    // What was said last is still to go out, and the client's own end to come.
    while (!is_closed_) {
        pause.expires_after(std::chrono::milliseconds(20));
        co_await pause.async_wait(use_task);
    }
}

/// Whoever does not log in within some time is sent away.
Task<void> Session::limit_login_time(std::weak_ptr<Session> session) {
    std::optional<Timer> timer;
    if (const auto alive = session.lock()) {
        timer.emplace(alive->executor(), alive->hub_.options.login_time);
    }
    if (!timer) co_return;
    co_await timer->async_wait(use_task);
    const auto alive = session.lock();
    if (!alive || alive->is_over_ || alive->has_tried_login_) co_return;
    alive->send(message_of<wire::ConnectionMessage>(ConnectionAction::authentication_timeout));
    alive->end(websocket::close_code::policy_error, "nobody has logged in");
}

void Session::send_frame(std::string_view frame) {
    if (is_over_) return;
    error_code failed;
    socket_.write(asio::buffer(frame.data(), frame.size()), failed);
    if (failed) return connection_.cut();
    if (stream_->waiting_bytes() <= waiting_bytes_limit) return;
    spdlog::info("a client of '{}' does not read: it is cut off", user());
    is_over_ = is_closed_ = true;
    connection_.cut();
}

void Session::end(websocket::close_code code, std::string_view reason) {
    if (std::exchange(is_over_, true)) return;
    socket_.async_close(
        {code, {reason.data(), reason.size()}},
        [self = shared_from_this()](const error_code&) {
            self->is_closed_ = true;
            self->connection_.cut();
        });
}

void Session::end_for_bad_data() {
    end(websocket::close_code::bad_payload, "a message has data that is no JSON");
}

bool Session::has_subscriptions_left() {
    if (records_.size() + events_.size() < subscriptions_max) return true;
    end(websocket::close_code::policy_error, "this connection watches as much as it may");
    return false;
}

Decision Session::decide(Action action, const std::string& name) const {
    return decide(action, name, GridEvidence(hub_.grid()));
}

Decision Session::decide(Action action, const std::string& name, const Evidence& evidence) const {
    const Decision decision = requester_.permissions->decide(action, name, evidence);
    if (!decision.is_allowed) {
        spdlog::info("user '{}' may not {} '{}': {}", user(), gateway::name(action), name,
                     decision.rule.empty() ? "no rule allows it" : decision.rule);
    }
    return decision;
}

void Session::tell(const Subscription& subscription,
                   const std::shared_ptr<const ChangeText>& text, const std::optional<Place>&) {
    ++hub_.figures.changes_sent;
    if (text->is_event()) events_.tell(subscription, text);
    else if (text->kind() == WatchKind::lagged && events_.has(subscription)) {
        events_.tell(subscription, text);
    } else {
        records_.tell(subscription, text);
    }
}

// Messages.

template <class Message>
bool Session::parse(const Envelope& envelope, Message& into) {
    if (into.ParseFromArray(envelope.message.data(), static_cast<int>(envelope.message.size()))) {
        return true;
    }
    send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
    return false;
}

Task<void> Session::take(std::string_view frame) {
    const auto envelope = open_frame(frame);
    if (!envelope) {
        send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
        co_return;
    }
    if (envelope->topic == static_cast<std::uint32_t>(Topic::connection)) {
        co_return take_connection(*envelope);
    }
    if (phase_ == Phase::greeting) {
        co_return send(message_of<wire::ConnectionMessage>(ConnectionAction::invalid_message));
    }
    if (phase_ == Phase::login) co_return co_await take_auth(*envelope);
    co_await take_open(*envelope);
}

void Session::take_connection(const Envelope& envelope) {
    wire::ConnectionMessage message;
    if (!parse(envelope, message)) return;
    switch (static_cast<ConnectionAction>(message.action())) {
        case ConnectionAction::challenge:
            if (phase_ != Phase::greeting) return;
            phase_ = Phase::login;
            return send(message_of<wire::ConnectionMessage>(ConnectionAction::accept));
        case ConnectionAction::ping:
            // Before it has logged in, a client is not answered.
            if (phase_ != Phase::open) return;
            return send(message_of<wire::ConnectionMessage>(ConnectionAction::pong));
        default: return;
    }
}

Task<void> Session::take_auth(const Envelope& envelope) {
    wire::AuthMessage message;
    if (envelope.topic != static_cast<std::uint32_t>(Topic::auth)) {
        co_return send(message_of<wire::AuthMessage>(AuthAction::invalid_message));
    }
    if (!parse(envelope, message)) co_return;
    const auto data = document_from_json(message.data());
    const bool is_request = static_cast<AuthAction>(message.action()) == AuthAction::request;
    if (!is_request || !data || !Value::of(*data).is_container()) {
        send(message_of<wire::AuthMessage>(AuthAction::invalid_message_data));
        co_return end(websocket::close_code::bad_payload, "no such login");
    }
    has_tried_login_ = true;
    phase_ = Phase::open;
    send(message_of<wire::AuthMessage>(AuthAction::successful));
}

Task<void> Session::take_open(const Envelope& envelope) {
    switch (static_cast<Topic>(envelope.topic)) {
        case Topic::record:
            if (parse(envelope, record_message_)) co_await records_.take(record_message_);
            break;
        case Topic::event:
            if (parse(envelope, event_message_)) events_.take(event_message_);
            break;
        case Topic::auth: break;
        default: send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
    }
}

}  // namespace ringside::gateway::deepstream
