#include "tools/gateway/deepstream/session.hpp"

#include <spdlog/spdlog.h>

#include <boost/beast/websocket/rfc6455.hpp>
#include <charconv>

#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/decide.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/presence_hub.hpp"
#include "tools/gateway/deepstream/rpc_hub.hpp"
#include "tools/gateway/http/server.hpp"

namespace ringside::gateway::deepstream {

namespace websocket = boost::beast::websocket;

namespace {

constexpr std::size_t frame_read_bytes = 16U << 10;  ///< bytes requested at a time

/// The requester before the login, who has no rights.
Requester nobody() {
    static const auto identity = std::make_shared<const Identity>();
    static const auto permissions = std::make_shared<const FixedPermissions>(false);
    return {identity, permissions};
}

/// The address whose share of memory is used before the login.
std::string address_of(const Connection& connection) {
    return "address/" + connection.peer().address().to_string();
}

}  // namespace

Session::Session(Hub& hub, Connection& connection, http::request<http::string_body> upgrade)
    : hub_(hub),
      connection_(connection),
      alive_(connection.shared_from_this()),
      upgrade_(std::move(upgrade)),
      requester_(nobody()),
      incoming_memory_(connection.server().stream_memory(), address_of(connection)),
      login_memory_(connection.server().stream_memory(), address_of(connection)),
      outgoing_memory_(connection.server().stream_memory(), address_of(connection)),
      stream_(std::make_shared<CorkedStream>(connection)),
      socket_(*stream_),
      records_(*this),
      events_(*this),
      rpcs_(*this),
      presences_(*this),
      record_listening_(*this, Action::listen),
      event_listening_(*this, Action::listen_events) {
    ++hub_.figures.websockets_open;
    connection_.server().add(*this);
}

Session::~Session() {
    connection_.server().remove(*this);
    --hub_.figures.websockets_open;
}

Task<void> Session::run(std::shared_ptr<Session> session) {
    Session& self = *session;
    self.connection_.expect_nothing();  // the WebSocket has its own deadlines
    self.socket_.set_option(
        websocket::stream_base::timeout{handshake_time, 2 * self.hub_.options.heartbeat, true});
    self.socket_.set_option(
        websocket::stream_base::decorator([](websocket::response_type& response) {
            response.set(http::field::server, server_name);
        }));
    self.socket_.read_message_max(login_limits::stranger_message_bytes_max);
    self.socket_.auto_fragment(false);
    self.socket_.binary(true);
    self.socket_.control_callback(
        [&self](websocket::frame_type kind, boost::beast::string_view payload) {
            if (kind != websocket::frame_type::pong) return;
            self.take_confirmation({payload.data(), payload.size()});
        });
    const auto [failed] = co_await self.socket_.async_accept(self.upgrade_, use_task);
    if (failed) co_return;
    self.connection_.on_drain([weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) {
            alive->end(websocket::close_code::going_away, "the gateway is shutting down");
        }
    });
    if (self.connection_.is_draining()) {
        self.end(websocket::close_code::going_away, "the gateway is shutting down");
    }
    self.stream_->on_drained([weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) alive->continue_watches();
    });
    self.limit_login_time();
    co_await self.read_messages();
    self.leave();
    co_await self.connection_.linger();
    self.connection_.cut();
}

void Session::leave() {
    is_over_ = true;
    connection_.on_drain(nullptr);
    stream_->on_drained(nullptr);
    record_listening_.clear();
    event_listening_.clear();
    records_.clear();
    events_.clear();
    hub_.rpc().forget(*this);
    hub_.presence().forget(*this);
    if (is_counted_) hub_.presence().leave(user());
}

Task<void> Session::read_messages() {
    boost::beast::flat_buffer buffer;
    Timer pause(executor());
    while (!is_over_ && co_await read_message(buffer)) {
        ++hub_.figures.websocket_messages;
        if (!socket_.got_binary()) {
            end(websocket::close_code::unknown_data, "messages must be binary");
            break;
        }
        if (phase_ == Phase::open && hub_.grid().is_attaching()) {
            co_await hub_.grid().await_reader();
            if (is_over_) break;
        }
        const auto bytes = buffer.cdata();
        Envelope envelope;
        switch (take({static_cast<const char*>(bytes.data()), bytes.size()}, envelope)) {
            case Left::nothing: break;
            case Left::login: co_await take_auth(envelope); break;
            case Left::writes: co_await records_.take_later(record_message_); break;
        }
        writes_bytes_ += buffer.size();
        buffer.consume(buffer.size());
        if (buffer.capacity() > buffer_bytes_kept) buffer.shrink_to_fit();
        while (has_to_pause()) {
            pause.expires_after(std::chrono::milliseconds(1));
            co_await pause.async_wait(use_task);
        }
    }
    // Waits until the last messages are sent and the client's close frame has arrived.
    while (!is_closed_) {
        pause.expires_after(std::chrono::milliseconds(20));
        co_await pause.async_wait(use_task);
    }
}

/// Reads in pieces, so that memory and time of an incomplete message are bounded. Returns false if
/// there is no message.
Task<bool> Session::read_message(boost::beast::flat_buffer& buffer) {
    do {
        const auto [failed, count] =
            co_await socket_.async_read_some(buffer, frame_read_bytes, use_task);
        if (failed) {
            // An oversized message, for example, is answered by a close frame, which must reach the
            // client.
            is_over_ = is_closed_ = true;
            co_return false;
        }
        connection_.server().counts().bytes_received += count;
        if (is_over_) co_return false;
        if (message_due_ == Clock::time_point::max() && !socket_.is_message_done()) {
            message_due_ = Clock::now() + connection_.server().limits().body_time;
        }
        const std::size_t bytes = writes_bytes_ + buffer.capacity();
        if (buffer.capacity() > buffer_bytes_kept && !incoming_memory_.resize(bytes)) {
            end(websocket::close_code::try_again_later,
                "too many requests are pending; try again later");
            co_return false;
        }
    } while (!socket_.is_message_done());
    message_due_ = Clock::time_point::max();
    co_return true;
}

bool Session::has_to_pause() {
    if (is_over_) return false;
    if (writes_under_way_ == 0) writes_bytes_ = 0;
    incoming_memory_.set(writes_bytes_);
    return stream_->waiting_bytes() > waiting_bytes_max || writes_under_way_ >= writes_max ||
           writes_bytes_ > writes_bytes_max ||
           (writes_under_way_ > 0 && !incoming_memory_.has_room());
}

void Session::continue_watches() {
    if (is_over_ || !std::exchange(was_full_, false)) return;
    records_.go_on();
    events_.go_on();
}

void Session::check(Clock::time_point now) {
    if (is_over_) return;
    outgoing_memory_.set(stream_->waiting_bytes());
    if (now >= message_due_) {
        return end(websocket::close_code::policy_error, "no message in time");
    }
    if (now >= rights_due_) check_rights(now);
    if (stream_->waiting_bytes() == 0) continue_watches();
}

Task<void> Session::pause_for_room() {
    Timer pause(executor());
    do {
        pause.expires_after(std::chrono::milliseconds(1));
        co_await pause.async_wait(use_task);
    } while (!is_over_ && stream_->waiting_bytes() > waiting_bytes_max);
}

void Session::send_frame(std::string_view frame) {
    if (is_over_) return;
    error_code failed;
    socket_.write(asio::buffer(frame.data(), frame.size()), failed);
    if (failed) return connection_.cut();
    outgoing_memory_.set(stream_->waiting_bytes());
    if (stream_->waiting_bytes() <= waiting_bytes_limit) return;
    spdlog::info("client of '{}' disconnected because it does not read", user());
    is_over_ = is_closed_ = true;
    connection_.cut();
}

void Session::end(websocket::close_code code, std::string_view reason) {
    if (std::exchange(is_over_, true)) return;
    socket_.async_close({code, {reason.data(), reason.size()}},
                        [self = shared_from_this()](const error_code&) {
                            self->is_closed_ = true;
                            self->connection_.cut();
                        });
}

void Session::end_for_bad_data() {
    end(websocket::close_code::bad_payload, "message data is not JSON");
}

bool Session::has_subscriptions_left() {
    const auto most = static_cast<std::size_t>(hub_.options.subscriptions_max);
    if (records_.size() + events_.size() + presences_.size() < most) return true;
    if (!std::exchange(is_full_logged_, true)) {
        spdlog::warn(
            "client of '{}' reached the limit of {} subscriptions, and further ones are refused; "
            "raise max_subscriptions in [deepstream]",
            user(), most);
    }
    return false;
}

std::uint64_t Session::expect_confirmation() {
    if (!std::exchange(is_asking_, true)) {
        asio::post(executor(), [self = shared_from_this()] { self->ask_for_confirmation(); });
    }
    return confirmations_asked_ + 1;
}

void Session::ask_for_confirmation() {
    if (is_over_) return;
    if (confirmations_asked_ - confirmed_ >= unconfirmed_pings_max) {
        is_ask_held_ = true;  // until the next pong
        return;
    }
    is_asking_ = false;
    const std::string number = std::to_string(++confirmations_asked_);
    error_code failed;
    socket_.ping({number.data(), number.size()}, failed);
    if (failed) connection_.cut();
}

/// Pongs of other pings have a different payload, or none.
void Session::take_confirmation(std::string_view payload) {
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(payload.data(), payload.data() + payload.size(), number);
    const bool is_number = error == std::errc() && end == payload.data() + payload.size();
    if (!is_number || number > confirmations_asked_) return;
    confirmed_ = std::max(confirmed_, number);
    if (!std::exchange(is_ask_held_, false)) return;
    asio::post(executor(), [self = shared_from_this()] { self->ask_for_confirmation(); });
}

Decision Session::decide(Action action, const std::string& name) const {
    return decide(action, name, GridEvidence(hub_.grid()));
}

Decision Session::decide(Action action, const std::string& name, const Evidence& evidence) const {
    return deepstream::decide(requester_, action, name, evidence);
}

void Session::tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
                   const std::optional<Place>&) {
    if (is_over_) return;
    ++hub_.figures.changes_sent;
    if (text->is_event()) events_.tell(subscription, text);
    else if (text->kind() == WatchKind::lagged && events_.has(subscription)) {
        events_.tell(subscription, text);
    } else {
        records_.tell(subscription, text);
    }
}

// Messages.

Session::Left Session::take(std::string_view frame, Envelope& envelope) {
    const auto opened = open_frame(frame);
    if (!opened || !has_client_text(opened->message)) {
        send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
        return Left::nothing;
    }
    envelope = *opened;
    if (envelope.topic == static_cast<std::uint32_t>(Topic::connection)) {
        take_connection(envelope);
        return Left::nothing;
    }
    if (phase_ == Phase::greeting) {
        send(message_of<wire::ConnectionMessage>(ConnectionAction::invalid_message));
        return Left::nothing;
    }
    return phase_ == Phase::login ? Left::login : take_open(envelope);
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
            // A client gets no response before it has logged in.
            if (phase_ != Phase::open) return;
            return send(message_of<wire::ConnectionMessage>(ConnectionAction::pong));
        default: return;
    }
}

Session::Left Session::take_open(const Envelope& envelope) {
    switch (static_cast<Topic>(envelope.topic)) {
        case Topic::record: return take_record(envelope);
        case Topic::event: take_event(envelope); break;
        case Topic::rpc:
            if (parse(envelope, rpc_message_)) rpcs_.take(rpc_message_);
            break;
        case Topic::presence:
            if (parse(envelope, presence_message_)) presences_.take(presence_message_);
            break;
        case Topic::auth: break;
        default: send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
    }
    return Left::nothing;
}

Session::Left Session::take_record(const Envelope& envelope) {
    if (!parse(envelope, record_message_)) return Left::nothing;
    switch (static_cast<RecordAction>(record_message_.action())) {
        case RecordAction::listen: record_listening_.listen(record_message_); break;
        case RecordAction::unlisten: record_listening_.unlisten(record_message_); break;
        case RecordAction::listen_accept: record_listening_.accept(record_message_); break;
        case RecordAction::listen_reject: record_listening_.reject(record_message_); break;
        default:
            if (records_.has_to_wait(record_message_)) return Left::writes;
            records_.take(record_message_);
    }
    return Left::nothing;
}

void Session::take_event(const Envelope& envelope) {
    if (!parse(envelope, event_message_)) return;
    switch (static_cast<EventAction>(event_message_.action())) {
        case EventAction::listen: return event_listening_.listen(event_message_);
        case EventAction::unlisten: return event_listening_.unlisten(event_message_);
        case EventAction::listen_accept: return event_listening_.accept(event_message_);
        case EventAction::listen_reject: return event_listening_.reject(event_message_);
        default: events_.take(event_message_);
    }
}

}  // namespace ringside::gateway::deepstream
