#pragma once

#include <boost/beast/core/flat_buffer.hpp>
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
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/live_stream.hpp"
#include "tools/gateway/watch/feed.hpp"
#include "tools/gateway/ws/ws_providers.hpp"

namespace ringside::gateway {

/// Services that the sessions of all WebSockets share.
struct WsServices {
    Operations& operations;
    WsProviders& providers;
    Feed& feed;
    Feed& system_feed;
    GatewayFigures& figures;
    /// 429 for a requester that asks too often.
    std::function<std::optional<Problem>(const Requester&)> check_rate;
    RightsCheck check_rights;
};

/// A WebSocket (RFC 6455) with the requests, watches and providers of one client. docs/gateway.md
/// describes the messages.
///
/// Memory: requests under way are bounded by `under_way_bytes_max`. Together with an incomplete
/// message and queued output they share the server's `stream_memory`. If it has no room, no further
/// message is read.
/// Thread safety: that of the loop.
class WsSession : public Sink, public LiveStream, public std::enable_shared_from_this<WsSession> {
public:
    WsSession(WsServices services, Connection& connection, Requester requester);
    ~WsSession() override;

    /// Answers the upgrade, and serves until either side ends the connection.
    static Task<void> run(std::shared_ptr<WsSession> session,
                          http::request<http::string_body> upgrade);

    // For its watches.
    [[nodiscard]] bool has_room() const noexcept override;
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription& subscription, const Place& place) override;

    /// Ends the session if an incomplete message is late or rights were withdrawn. Notifies
    /// providers of calls that have ended, and resumes watches that waited for memory.
    void check(std::chrono::steady_clock::time_point now) override;

    /// Takes a call of one of its providers, or rejects it.
    void offer(std::uint64_t provider, std::shared_ptr<Call> call);

    static constexpr std::size_t message_bytes_max =
        limits::document_bytes_max + limits::envelope_bytes_max;
    static constexpr std::size_t changes_bytes_max = 256U << 10;
    /// Above this amount queued, no further request is read, and no call is taken.
    static constexpr std::size_t queued_bytes_max = 4U << 20;
    static constexpr std::size_t requests_max = 1000;
    /// Size of documents of requests under way. Above it, no further request is read.
    static constexpr std::size_t under_way_bytes_max = 8U << 20;
    static constexpr std::size_t watches_max = 256;
    static constexpr std::size_t providers_max = 16;

private:
    using Clock = std::chrono::steady_clock;
    using WebSocket = boost::beast::websocket::stream<Stream&>;
    struct Message {
        std::string text;
        std::shared_ptr<const ChangeText> change;  ///< follows the text, and ends with a brace
        std::size_t charged = 0;  ///< to the budget; a shared change is charged once
        [[nodiscard]] std::size_t size() const noexcept {
            return text.size() + (change ? change->text().size() + 1 : 0);
        }
    };
    /// A request that is being carried out, with the objects that it needs.
    struct Exchange {
        Document document;
        std::string id;     ///< as JSON
        std::size_t bytes;  ///< of memory
    };
    struct Provided {
        WsProviders::Place place;
        Pattern pattern;
    };
    /// A call of one of the providers here that has no outcome yet.
    struct TakenCall {
        std::shared_ptr<Call> call;
        std::uint64_t provider = 0;
        bool is_being_answered = false;
    };
    using Reply = Outcome<std::string>;  ///< further members, `,"revision":…`

    Task<void> read_messages();
    Task<bool> read_message(boost::beast::flat_buffer& buffer);
    Task<void> write_queue();
    void put(Message message);
    void take(std::string_view text);
    void take_request(Document document);
    void refuse_text(std::string_view text, const Error& error);
    void reply(const std::string& id, const Reply& answer);
    void end(boost::beast::websocket::close_code code, std::string_view reason);
    [[nodiscard]] bool has_to_pause() const noexcept;
    void check_calls();
    void check_rights(Clock::time_point now);
    void release_all();

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
    Requester requester_;
    WebSocket socket_;
    std::deque<Message> queue_;
    std::size_t queued_bytes_ = 0;
    bool is_writing_ = false;
    bool is_over_ = false;           ///< nothing more is sent
    bool is_closing_ = false;        ///< the close frame is under way
    bool is_modest_ = false;         ///< the last message is small
    mutable bool was_full_ = false;  ///< a watch saw no room, and must be resumed
    std::size_t under_way_ = 0;
    std::size_t under_way_bytes_ = 0;
    ByteBudget::Share incoming_memory_;   ///< for the message that is read
    ByteBudget::Share under_way_memory_;  ///< for requests
    ByteBudget::Share outgoing_memory_;   ///< for queued output
    Clock::time_point message_due_ = Clock::time_point::max();
    Clock::time_point rights_due_;
    std::uint64_t ids_ = 0;  ///< numbers of watches, providers and calls
    std::map<std::uint64_t, std::unique_ptr<Subscription>> watches_;
    std::map<std::uint64_t, Provided> providers_;
    std::map<std::uint64_t, TakenCall> calls_;
};

/// Reads the parameters of a watch request. Problem: 400.
[[nodiscard]] Outcome<WatchRequest> watch_request_of(const Value& request);

/// Returns the member `id` of a JSON object, as JSON; `null` if it is not a number or a string.
/// Returns none if the text is not an object. Also reads JSON that the grid cannot hold.
[[nodiscard]] std::optional<std::string> request_id_of(std::string_view text);

}  // namespace ringside::gateway
