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

/// What a request is answered by.
class Application {
public:
    virtual ~Application() = default;
    /// Gives an answer, whatever happens; throws nothing.
    virtual Task<Response> handle(Request& request) = 0;
    /// Whether the client of a request may send its body, by the header alone.
    virtual Admission admit(const Request&) { return {.problem = {}, .is_known = true}; }
    /// Of a request that was answered, or not understood (then `request` is null).
    virtual void note(const Request* request, const Response& response,
                      std::chrono::nanoseconds took) = 0;
};

/// One client's connection: reads its requests, one at a time and in order, and answers them.
/// Requests that are sent ahead wait in its buffer, or in the kernel's.
///
/// Time: every step has a deadline, which the server looks at four times a second; a connection
/// that misses it is ended, with 408 if a request had begun.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Clock = std::chrono::steady_clock;

    Connection(Server& server, Socket socket, Tcp::endpoint peer, ssl::context* tls);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Task<void> run();

    [[nodiscard]] Stream& stream() noexcept { return stream_; }
    [[nodiscard]] const Tcp::endpoint& peer() const noexcept { return peer_; }
    /// What the client has sent beyond the request that is being answered.
    [[nodiscard]] boost::beast::flat_buffer& buffer() noexcept { return buffer_; }
    /// Gives back memory that a connection which only listens does not need.
    void shrink();

    /// Until when the step that begins now has to be done; for streams, too.
    void expect_within(std::chrono::milliseconds time) noexcept { deadline_ = Clock::now() + time; }
    void expect_nothing() noexcept { deadline_ = Clock::time_point::max(); }
    /// Called by the server, which passes what time it is.
    void check(Clock::time_point now);
    /// No further request: ends at once if none is under way. Streams see it in `is_draining`.
    void drain();
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    /// Ends what is under way, now.
    void cut() noexcept;
    /// What `drain` does to a stream that is served; called once.
    void on_drain(std::function<void()> stop) { stop_stream_ = std::move(stop); }

    /// Takes what the client still sends, for at most two seconds: a connection that is closed at
    /// once is reset, and what was sent last is lost.
    Task<void> linger();

    /// Calls `stop` once if the client leaves while a request is answered: it closes the
    /// connection, or its own direction of it. Null: nobody needs to know any longer.
    void on_departure(std::function<void()> stop) { on_departure_ = std::move(stop); }

    /// Sends all of it, within the time that a client has to take it. False: the connection is
    /// over.
    Task<bool> send(asio::const_buffer first, asio::const_buffer second = {});

    [[nodiscard]] Server& server() noexcept { return server_; }

private:
    enum class Phase : std::uint8_t { idle, header, body, answering };

    Task<bool> shake_hands();
    Task<bool> read_request();
    /// None: go on reading.
    [[nodiscard]] std::optional<Problem> parse_some();
    [[nodiscard]] std::optional<Problem> check_header();
    Task<bool> answer(Response& response, const Request* request);
    Task<bool> respond(Request& request);
    [[nodiscard]] std::optional<Problem> count_body(std::uint64_t bytes);
    [[nodiscard]] bool has_departed() noexcept;
    [[nodiscard]] std::string head_of(const Response& response, const Request* request,
                                      bool keeps_alive) const;

    Server& server_;
    const Tcp::endpoint peer_;
    Stream stream_;
    std::optional<ClientCertificate> certificate_;
    boost::beast::flat_buffer buffer_;
    std::optional<RequestReader> reader_;
    Phase phase_ = Phase::idle;
    Clock::time_point deadline_;
    Clock::time_point began_;  ///< when the request that is read or answered began
    BodyAccount body_account_;
    bool is_draining_ = false;
    bool is_late_ = false;
    bool is_header_seen_ = false;
    bool is_refused_ = false;  ///< a request was, before all of it had come
    std::function<void()> stop_stream_;
    std::function<void()> on_departure_;
};

}  // namespace ringside::gateway
