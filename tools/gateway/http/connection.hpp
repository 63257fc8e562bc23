#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "tools/gateway/http/body_account.hpp"
#include "tools/gateway/http/message.hpp"
#include "tools/gateway/http/request_reader.hpp"
#include "tools/gateway/http/stream.hpp"

namespace ringside::gateway {

class Server;

/// The application that answers requests.
class Application {
public:
    virtual ~Application() = default;
    /// Returns a response in every case. Throws nothing.
    virtual Task<Response> handle(Request& request) = 0;
    /// Decides by the header alone whether the client may send its body.
    virtual Admission admit(const Request&) { return {.problem = {}, .account = "user"}; }
    /// Records a request that was answered or was malformed (then `request` is null).
    virtual void note(const Request* request, const Response& response,
                      std::chrono::nanoseconds took) = 0;
};

/// One client's connection: reads its requests, one at a time and in order, and answers them.
/// Pipelined requests wait in its buffer, or in the kernel's.
///
/// Time: every step has a deadline, which the server checks four times a second. A connection that
/// misses it is closed, with status 408 if a request had begun.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Clock = std::chrono::steady_clock;

    Connection(Server& server, Socket socket, Tcp::endpoint peer);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Task<void> run();

    [[nodiscard]] Stream& stream() noexcept { return stream_; }
    [[nodiscard]] const Tcp::endpoint& peer() const noexcept { return peer_; }
    /// Bytes that the client has sent after the current request.
    [[nodiscard]] boost::beast::flat_buffer& buffer() noexcept { return buffer_; }
    /// Releases memory that an idle connection does not need.
    void shrink();

    /// Sets the deadline of the step that begins now; for streams as well.
    void expect_within(std::chrono::milliseconds time) noexcept { deadline_ = Clock::now() + time; }
    void expect_nothing() noexcept { deadline_ = Clock::time_point::max(); }
    /// Called by the server with the current time.
    void check(Clock::time_point now);
    /// Accepts no further request: closes immediately if none is under way. Streams see
    /// `is_draining`.
    void drain();
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    /// Ends the current operation immediately.
    void cut() noexcept;
    /// Sets the action of `drain` for the current stream; called once.
    void on_drain(std::function<void()> stop) { stop_stream_ = std::move(stop); }

    /// Reads what the client still sends, for at most two seconds. A connection that is closed
    /// immediately would be reset, and the last bytes would be lost.
    Task<void> linger();

    /// Calls `stop` once if the client closes the connection, or its own direction of it, while a
    /// request is answered. Pass null to stop watching.
    void on_departure(std::function<void()> stop) { on_departure_ = std::move(stop); }

    /// Sends everything, within the time that a client has to take it. Returns false if the
    /// connection has ended.
    Task<bool> send(asio::const_buffer first, asio::const_buffer second = {});

    [[nodiscard]] Server& server() noexcept { return server_; }

private:
    enum class Phase : std::uint8_t { idle, header, body, answering };

    Task<bool> shake_hands();
    Task<bool> read_request();
    /// Returns none if more bytes are needed.
    [[nodiscard]] std::optional<Problem> parse_some();
    [[nodiscard]] std::optional<Problem> check_header();
    Task<bool> answer(Response& response, const Request* request);
    Task<bool> respond(Request& request);
    [[nodiscard]] std::optional<Problem> count_body(std::uint64_t bytes);
    [[nodiscard]] bool has_departed() noexcept;
    [[nodiscard]] bool is_still_trusted();
    [[nodiscard]] std::string head_of(const Response& response, const Request* request,
                                      bool keeps_alive) const;

    Server& server_;
    const Tcp::endpoint peer_;
    /// The context whose authorities verified the client's certificate; null without TLS.
    std::shared_ptr<ssl::context> tls_;
    Stream stream_;
    std::optional<ClientCertificate> certificate_;
    boost::beast::flat_buffer buffer_;
    std::optional<RequestReader> reader_;
    Phase phase_ = Phase::idle;
    Clock::time_point deadline_;
    Clock::time_point began_;  ///< start of the request that is being read or answered
    BodyAccount body_account_;
    bool is_draining_ = false;
    bool is_late_ = false;
    bool is_header_seen_ = false;
    bool is_refused_ = false;  ///< a request was refused before it was complete
    std::function<void()> stop_stream_;
    std::function<void()> on_departure_;
};

}  // namespace ringside::gateway
