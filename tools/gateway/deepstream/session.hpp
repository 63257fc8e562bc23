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

/// A WebSocket of one of deepstream's clients: says hello, lets it log in, and then hands each of
/// its messages to the part that knows its topic, one after the other. What they do in the grid
/// goes on while the next message is read; one that depends on what is under way waits for it.
/// Thread safety: that of the loop.
class Session : public Sink, public LiveStream, public std::enable_shared_from_this<Session> {
public:
    /// `upgrade`: what the client has asked for.
    Session(Hub& hub, Connection& connection, http::request<http::string_body> upgrade);
    ~Session() override;

    /// Answers the upgrade, and serves until either side ends it.
    static Task<void> run(std::shared_ptr<Session> session);

    template <class Message>
    void send(const Message& message) {
        frame_.clear();
        append_frame(topic_of(&message), message, frame_);
        send_frame(frame_);
    }
    void send_frame(std::string_view frame);

    /// Ends the connection; what was sent before still goes out.
    void end(boost::beast::websocket::close_code code, std::string_view reason);
    void end_for_bad_data();
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }

    /// What this client may do, which is logged if it may not.
    [[nodiscard]] Decision decide(Action action, const std::string& name) const;
    [[nodiscard]] Decision decide(Action action, const std::string& name,
                                  const Evidence& evidence) const;
    /// Returns false if it watches as much as it may (`max_subscriptions`), which is logged once.
    [[nodiscard]] bool has_subscriptions_left();

    /// Asks the client to confirm, by a WebSocket pong, that it has received everything that was
    /// sent so far; the number of that confirmation. Several of one turn of the loop are one.
    [[nodiscard]] std::uint64_t expect_confirmation();
    /// Number of the last confirmation that has come. Clients send pongs and messages in one order,
    /// so a message that was read before a confirmation may have been sent without knowing what the
    /// confirmation covers; one that was read after it was not.
    [[nodiscard]] std::uint64_t confirmed() const noexcept { return confirmed_; }

    /// A write or an event of it is under way, for as long as this lives.
    [[nodiscard]] std::shared_ptr<Session> alive_for_write() {
        ++writes_under_way_;
        return {this, [self = shared_from_this()](Session*) { --self->writes_under_way_; }};
    }

    /// Lets others have the loop, and waits until the client has taken most of what waits for it.
    Task<void> pause_for_room();

    [[nodiscard]] Hub& hub() noexcept { return hub_; }
    /// Of one who has logged in.
    [[nodiscard]] const Requester& requester() const noexcept { return requester_; }
    [[nodiscard]] const std::string& user() const noexcept { return requester_.identity->user; }
    /// JSON that the client was given at its login; empty: none.
    [[nodiscard]] const std::string& client_data() const noexcept { return client_data_; }
    [[nodiscard]] Executor executor() { return connection_.stream().get_executor(); }

    // Of its subscriptions.
    [[nodiscard]] bool has_room() const noexcept override {
        const bool has =
            stream_->waiting_bytes() < changes_bytes_max && outgoing_memory_.has_room();
        was_full_ = was_full_ || !has;
        return has;
    }
    /// Ends it where an incomplete message is late or rights have been withdrawn; continues
    /// subscriptions that waited for memory.
    void check(std::chrono::steady_clock::time_point now) override;
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription&, const Place&) override {}

    /// Changes are not told beyond that: they are read again later.
    static constexpr std::size_t changes_bytes_max = 256U << 10;
    /// Where this much waits to be taken, no further message is read.
    static constexpr std::size_t waiting_bytes_max = 4U << 20;
    /// A client with this much is cut off.
    static constexpr std::size_t waiting_bytes_limit = 16U << 20;
    /// Where this many of its writes and events are under way, no further message is read.
    static constexpr std::size_t writes_max = 1000;
    /// Of messages whose writes are under way, about. Where there are more, no further message is
    /// read until all are done.
    static constexpr std::size_t writes_bytes_max = 8U << 20;

private:
    using WebSocket = boost::beast::websocket::stream<CorkedStream&, false>;
    using Clock = std::chrono::steady_clock;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    static constexpr std::size_t buffer_bytes_kept = 16U << 10;
    /// For the upgrade, and for the two ends of a WebSocket to meet.
    static constexpr std::chrono::seconds handshake_time{10};

    enum class Phase : std::uint8_t { greeting, login, open };

    Task<void> read_messages();
    Task<bool> read_message(boost::beast::flat_buffer& buffer);
    [[nodiscard]] bool has_to_pause();
    void continue_watches();
    void check_rights(Clock::time_point now);
    /// What of a message has to be waited for.
    enum class Left : std::uint8_t { nothing, login, writes };
    [[nodiscard]] Left take(std::string_view frame, Envelope& envelope);
    void take_connection(const Envelope& envelope);
    Task<void> take_auth(const Envelope& envelope);
    void let_in(const Login& login);
    void turn_away(const Login& login);
    [[nodiscard]] Left take_record(const Envelope& envelope);
    void take_event(const Envelope& envelope);
    void leave();
    [[nodiscard]] Left take_open(const Envelope& envelope);
    void limit_login_time();
    void ask_for_confirmation();
    void take_confirmation(std::string_view payload);

    template <class Message>
    [[nodiscard]] bool parse(const Envelope& envelope, Message& into);

    Hub& hub_;
    Connection& connection_;
    const std::shared_ptr<Connection> alive_;
    http::request<http::string_body> upgrade_;  ///< until it has logged in
    std::optional<Timer> login_timer_;          ///< the same
    Requester requester_;
    Login login_;  ///< once it has logged in
    std::uint64_t rights_generation_ = 0;
    Clock::time_point rights_due_ = Clock::time_point::max();
    Clock::time_point message_due_ = Clock::time_point::max();
    ByteBudget::Share incoming_memory_;  ///< of the message that is read, and writes under way
    ByteBudget::Share outgoing_memory_;  ///< of what waits to be taken
    std::size_t writes_bytes_ = 0;       ///< of messages read since no write was under way
    std::string client_data_;
    bool is_counted_ = false;  ///< in presence
    const std::shared_ptr<CorkedStream> stream_;
    WebSocket socket_;
    Phase phase_ = Phase::greeting;
    std::int64_t login_attempts_ = 0;
    std::size_t writes_under_way_ = 0;
    bool has_tried_login_ = false;
    bool is_full_logged_ = false;            ///< that subscriptions were refused
    std::uint64_t confirmations_asked_ = 0;  ///< whose pings were sent
    std::uint64_t confirmed_ = 0;
    bool is_asking_ = false;         ///< for the next one, when the loop has done what it is at
    mutable bool was_full_ = false;  ///< somebody was told so, and is to be called
    bool is_over_ = false;           ///< nothing is said any more
    bool is_closed_ = false;         ///< nor heard
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
