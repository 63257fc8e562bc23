#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "tools/gateway/deepstream/events.hpp"
#include "tools/gateway/deepstream/grid_evidence.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/listening.hpp"
#include "tools/gateway/deepstream/presences.hpp"
#include "tools/gateway/deepstream/records.hpp"
#include "tools/gateway/deepstream/rpcs.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"
#include "tools/gateway/http/corked_stream.hpp"
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/live_stream.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway::deepstream {

/// A WebSocket of one of deepstream's clients. Performs the handshake and the login, and then
/// passes each message to the component for its topic, in order. Operations in the grid continue
/// while the next message is read. A message that depends on an operation under way waits for it.
/// Thread safety: that of the loop.
class Session : public Sink, public LiveStream, public std::enable_shared_from_this<Session> {
public:
    /// `upgrade` is the client's request.
    Session(Hub& hub, Connection& connection, http::request<http::string_body> upgrade);
    ~Session() override;

    /// Answers the upgrade, and serves until either side ends the connection.
    static Task<void> run(std::shared_ptr<Session> session);

    template <class Message>
    void send(const Message& message) {
        frame_.clear();
        append_frame(topic_of(&message), message, frame_);
        send_frame(frame_);
    }
    void send_frame(std::string_view frame);

    /// Ends the connection after everything queued has been sent.
    void end(boost::beast::websocket::close_code code, std::string_view reason);
    void end_for_bad_data();
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }

    /// Decides whether this client may act, and logs a refusal.
    [[nodiscard]] Decision decide(Action action, const std::string& name) const;
    [[nodiscard]] Decision decide(Action action, const std::string& name,
                                  const Evidence& evidence) const;
    /// Returns false if the client has reached its limit of subscriptions (`max_subscriptions`).
    /// Logs that once.
    [[nodiscard]] bool has_subscriptions_left();

    /// Asks the client to confirm, by a WebSocket pong, that it has received everything sent so
    /// far. Returns the number of the confirmation. Requests in one turn of the loop share a
    /// confirmation. So do requests that are made while `unconfirmed_pings_max` pings are
    /// unanswered: their ping follows the next pong.
    [[nodiscard]] std::uint64_t expect_confirmation();
    /// Returns the number of the last confirmation received. Clients send pongs and messages in one
    /// order. So a message that was read before a confirmation may have been sent without knowledge
    /// of what the confirmation covers; a message read after it was not.
    [[nodiscard]] std::uint64_t confirmed() const noexcept { return confirmed_; }

    /// Counts a write or an event of this session as pending until the result is destroyed.
    [[nodiscard]] std::shared_ptr<Session> alive_for_write() {
        ++writes_under_way_;
        return {this, [self = shared_from_this()](Session*) { --self->writes_under_way_; }};
    }

    /// Yields the loop, and waits until the client has taken most of what is queued for it.
    Task<void> pause_for_room();

    [[nodiscard]] Hub& hub() noexcept { return hub_; }
    /// REQUIRES: the client has logged in.
    [[nodiscard]] const Requester& requester() const noexcept { return requester_; }
    [[nodiscard]] const std::string& user() const noexcept { return requester_.identity->user; }
    /// JSON that the client received at its login; empty if none.
    [[nodiscard]] const std::string& client_data() const noexcept { return client_data_; }
    [[nodiscard]] Executor executor() { return connection_.stream().get_executor(); }

    // For the subscriptions of this session.
    [[nodiscard]] bool has_room() const noexcept override {
        const bool has =
            stream_->waiting_bytes() < changes_bytes_max && outgoing_memory_.has_room();
        was_full_ = was_full_ || !has;
        return has;
    }
    /// Ends the session if an incomplete message is late or rights were withdrawn. Resumes
    /// subscriptions that waited for memory.
    void check(std::chrono::steady_clock::time_point now) override;
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription&, const Place&) override {}

    /// Above this, changes are not queued but read again later.
    static constexpr std::size_t changes_bytes_max = 256U << 10;
    /// Above this amount queued, no further message is read.
    static constexpr std::size_t waiting_bytes_max = 4U << 20;
    /// A client with this much queued is disconnected.
    static constexpr std::size_t waiting_bytes_limit = 16U << 20;
    /// Above this number of writes and events under way, no further message is read.
    static constexpr std::size_t writes_max = 1000;
    /// Approximate size of messages whose writes are under way. Above it, no further message is
    /// read until all are done.
    static constexpr std::size_t writes_bytes_max = 8U << 20;

private:
    using WebSocket = boost::beast::websocket::stream<CorkedStream&, false>;
    using Clock = std::chrono::steady_clock;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    static constexpr std::size_t buffer_bytes_kept = 16U << 10;
    /// For the upgrade, and for the closing handshake of a WebSocket.
    static constexpr std::chrono::seconds handshake_time{10};

    enum class Phase : std::uint8_t { greeting, login, open };

    Task<void> read_messages();
    Task<bool> read_message(boost::beast::flat_buffer& buffer);
    [[nodiscard]] bool has_to_pause();
    void continue_watches();
    void check_rights(Clock::time_point now);
    void adopt_rights();
    void end_for_rights();
    static Task<void> decide_again(std::shared_ptr<Session> session);
    /// The part of a message that must be waited for.
    enum class Left : std::uint8_t { nothing, login, writes };
    [[nodiscard]] Left take(std::string_view frame, Envelope& envelope);
    void take_connection(const Envelope& envelope);
    Task<void> take_auth(const Envelope& envelope);
    /// `generation`: of the permissions when the login began.
    void let_in(const Login& login, std::uint64_t generation);
    void turn_away(const Login& login);
    [[nodiscard]] Left take_record(const Envelope& envelope);
    void take_event(const Envelope& envelope);
    void leave();
    [[nodiscard]] Left take_open(const Envelope& envelope);
    void limit_login_time();
    void ask_for_confirmation();
    void take_confirmation(std::string_view payload);

    template <class Message>
    [[nodiscard]] bool parse(const Envelope& envelope, Message& into) {
        const auto size = static_cast<int>(envelope.message.size());
        if (into.ParseFromArray(envelope.message.data(), size)) return true;
        send(message_of<wire::ParserMessage>(ParserAction::unknown_topic));
        return false;
    }

    /// Clients drop a connection that brings many pings before they can answer one: the package ws
    /// of Node.js does at 60 (`maxPendingAutoPongs`).
    static constexpr std::uint64_t unconfirmed_pings_max = 8;

    Hub& hub_;
    Connection& connection_;
    const std::shared_ptr<Connection> alive_;
    http::request<http::string_body> upgrade_;  ///< until the login
    std::optional<Timer> login_timer_;          ///< until the login
    Requester requester_;
    Login login_;  ///< after the login
    std::uint64_t rights_generation_ = 0;
    Clock::time_point rights_due_ = Clock::time_point::max();
    Clock::time_point recheck_due_ = Clock::time_point::max();  ///< see `Login::request`
    std::uint64_t rechecks_ = 0;
    Clock::time_point message_due_ = Clock::time_point::max();
    ByteBudget::Share incoming_memory_;  ///< for the message that is read, and for writes under way
    ByteBudget::Share login_memory_;     ///< of `login_`, if it is kept for later checks
    ByteBudget::Share outgoing_memory_;  ///< for queued messages
    std::size_t writes_bytes_ = 0;       ///< size of the messages read since no write was under way
    std::string client_data_;
    bool is_counted_ = false;  ///< counted in presence
    const std::shared_ptr<CorkedStream> stream_;
    WebSocket socket_;
    Phase phase_ = Phase::greeting;
    std::int64_t login_attempts_ = 0;
    std::size_t writes_under_way_ = 0;
    bool has_tried_login_ = false;
    bool is_full_logged_ = false;            ///< the refusal of subscriptions was logged
    std::uint64_t confirmations_asked_ = 0;  ///< number of pings sent
    std::uint64_t confirmed_ = 0;
    bool is_asking_ = false;         ///< the next ping is scheduled for the end of the loop's turn
    bool is_ask_held_ = false;       ///< the next ping waits for a pong
    mutable bool was_full_ = false;  ///< a subscription saw no room, and must be resumed
    bool is_over_ = false;           ///< nothing more is sent
    bool is_closed_ = false;         ///< nothing more is read
    std::string frame_;
    wire::RecordMessage record_message_;
    wire::EventMessage event_message_;
    wire::RpcMessage rpc_message_;
    wire::PresenceMessage presence_message_;
    Records records_;
    Events events_;
    Rpcs rpcs_;
    Presences presences_;
    RecordListening record_listening_;
    EventListening event_listening_;
};

}  // namespace ringside::gateway::deepstream
