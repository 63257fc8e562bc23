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
#include "tools/gateway/load/shares.hpp"

namespace ringside::gateway {

/// The limits of size and time for clients; see docs/gateway.md.
struct ServerLimits {
    std::size_t connections = 20'000;
    std::uint32_t header_bytes = 16U << 10;
    std::uint64_t body_bytes = limits::document_bytes_max + limits::envelope_bytes_max;
    MemoryLimits memory;
    std::chrono::milliseconds header_time{10'000};
    std::chrono::milliseconds body_time{30'000};
    std::chrono::milliseconds idle_time{60'000};
    std::chrono::milliseconds write_time{30'000};
    std::chrono::milliseconds drain_time{10'000};
};

/// The server's own counters.
struct ServerCounts {
    std::size_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;  ///< the limit was reached
    std::uint64_t connections_late = 0;     ///< missed a deadline
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

/// Accepts connections and enforces their deadlines. Thread safety: that of its loop.
class Server {
public:
    /// `tls` is null for plain text.
    Server(asio::io_context& loop, Application& application, const ServerLimits& limits,
           std::shared_ptr<ssl::context> tls);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens on "127.0.0.1:8080" or "[::1]:0", and returns the actual endpoint. Errors:
    /// bad_configuration (invalid address), system_error (the address is not available).
    Result<Tcp::endpoint> listen(const std::string& address);

    /// Accepts no more connections, lets requests under way finish, and cuts the rest at the
    /// deadline.
    void drain();
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    /// Sets the context for new connections. Closes open ones whose client certificate it rejects.
    void set_tls(std::shared_ptr<ssl::context> tls) { tls_ = std::move(tls); }

    /// Returns null if the server does not use TLS.
    [[nodiscard]] const std::shared_ptr<ssl::context>& tls() const noexcept { return tls_; }
    [[nodiscard]] const ServerLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] ServerCounts& counts() noexcept { return counts_; }
    [[nodiscard]] Application& application() noexcept { return application_; }
    /// Returns the value of the header `Date` for the current second.
    [[nodiscard]] const std::string& date();

    /// Returns the budget for request bodies.
    [[nodiscard]] BodyBudget& bodies() noexcept { return bodies_; }
    /// Returns the budget that WebSockets and event streams share; see `ServerLimits`.
    [[nodiscard]] ByteBudget& stream_memory() noexcept { return stream_memory_; }
    /// Checks `stream` four times a second from now on.
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
    bool is_cut_ = false;  ///< all connections were cut at the end of the drain time
    Connection::Clock::time_point drain_until_;
    std::string date_;
    std::time_t date_second_ = 0;
};

/// Reads "HOST:PORT" with a numeric host. Error: bad_configuration.
[[nodiscard]] Result<Tcp::endpoint> parse_endpoint(const std::string& address);

}  // namespace ringside::gateway
