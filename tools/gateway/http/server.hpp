#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "shm/base/limits.hpp"
#include "tools/gateway/http/connection.hpp"
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/live_stream.hpp"

namespace ringside::gateway {

/// What a client may ask for and how long it may take; see docs/gateway.md.
struct ServerLimits {
    std::size_t connections = 20'000;
    std::uint32_t header_bytes = 16U << 10;
    std::uint64_t body_bytes = limits::document_bytes_max + limits::envelope_bytes_max;
    /// Of all requests that are being read or answered.
    std::uint64_t bodies_bytes = 512ULL << 20;
    /// Of all WebSockets and streams of events: messages that are incomplete or being carried out,
    /// and what waits to be sent. A WebSocket that needs more is closed with 1013, or is not read.
    std::size_t streams_bytes = 256U << 20;
    std::size_t streams_bytes_per_user = 64U << 20;
    std::chrono::milliseconds header_time{10'000};
    std::chrono::milliseconds body_time{30'000};
    std::chrono::milliseconds idle_time{60'000};
    std::chrono::milliseconds write_time{30'000};
    std::chrono::milliseconds drain_time{10'000};
};

/// What the server counts by itself.
struct ServerCounts {
    std::size_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;  ///< there were too many
    std::uint64_t connections_late = 0;     ///< missed a deadline
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

/// Accepts connections and looks after their time. Thread safety: that of its loop.
class Server {
public:
    /// `tls`: null: in the clear.
    Server(asio::io_context& loop, Application& application, const ServerLimits& limits,
           std::shared_ptr<ssl::context> tls);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// "127.0.0.1:8080", "[::1]:0"; what it listens on then. Errors: bad_configuration (the address
    /// is none), system_error (it cannot be had).
    Result<Tcp::endpoint> listen(const std::string& address);

    /// Accepts no more, lets what is under way end, and ends the rest when its time is over.
    void drain();
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    /// For connections to come.
    void set_tls(std::shared_ptr<ssl::context> tls) { tls_ = std::move(tls); }

    [[nodiscard]] const ServerLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] ServerCounts& counts() noexcept { return counts_; }
    [[nodiscard]] Application& application() noexcept { return application_; }
    /// The value of the header `Date`, of this second.
    [[nodiscard]] const std::string& date();

    /// The memory of request bodies.
    [[nodiscard]] BodyBudget& bodies() noexcept { return bodies_; }
    /// What WebSockets and streams of events share; see `ServerLimits`.
    [[nodiscard]] ByteBudget& stream_memory() noexcept { return stream_memory_; }
    /// From now on `stream` is checked four times a second.
    void add(LiveStream& stream) { streams_.insert(&stream); }
    void remove(LiveStream& stream) noexcept { streams_.erase(&stream); }

private:
    friend class Connection;
    using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

    Task<bool> accept(Acceptor& acceptor);
    void begin(Socket socket, const Tcp::endpoint& peer);
    Task<bool> watch_time();

    asio::io_context& loop_;
    Application& application_;
    const ServerLimits limits_;
    std::shared_ptr<ssl::context> tls_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::unordered_set<Connection*> connections_;
    std::unordered_set<LiveStream*> streams_;
    ByteBudget stream_memory_;
    BodyBudget bodies_;
    asio::basic_waitable_timer<Connection::Clock, asio::wait_traits<Connection::Clock>, Executor>
        timer_;
    ServerCounts counts_;
    bool is_draining_ = false;
    bool is_cut_ = false;  ///< all connections are, at the end of the time to drain
    Connection::Clock::time_point drain_until_;
    std::string date_;
    std::time_t date_second_ = 0;
};

/// Reads "HOST:PORT" with a numeric host. Error: bad_configuration.
[[nodiscard]] Result<Tcp::endpoint> parse_endpoint(const std::string& address);

}  // namespace ringside::gateway
