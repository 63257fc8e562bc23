#include "tools/gateway/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <ctime>

#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

Result<Tcp::endpoint> parse_endpoint(const std::string& address) {
    const auto bad = [&](std::string_view why) {
        return Error(Errc::bad_configuration,
                     "'" + address + "' " + std::string(why) +
                         "; write for example 127.0.0.1:8080 or [::1]:8080");
    };
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return bad("has no port");
    std::string host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host == "localhost") host = "127.0.0.1";
    error_code failed;
    const auto ip = asio::ip::make_address(host, failed);
    if (failed) return bad("does not start with an IP address");
    std::uint16_t port = 0;
    const char* end = address.data() + address.size();
    const auto [rest, wrong] = std::from_chars(address.data() + colon + 1, end, port);
    if (wrong != std::errc() || rest != end) return bad("does not end with a port");
    return Tcp::endpoint(ip, port);
}

Server::Server(asio::io_context& loop, Application& application, const ServerLimits& limits,
               std::shared_ptr<ssl::context> tls)
    : loop_(loop),
      application_(application),
      limits_(limits),
      tls_(std::move(tls)),
      stream_memory_(limits.memory.streams, limits.memory.streams_per_user),
      bodies_(limits.memory),
      timer_(loop.get_executor()) {
    const Executor executor = loop_.get_executor();
    spawn(executor,
          keep_doing(executor, "connection timeout check", [this] { return watch_time(); }),
          "connection timeout check");
}

Server::~Server() = default;

Result<Tcp::endpoint> Server::listen(const std::string& address) {
    auto endpoint = parse_endpoint(address);
    if (!endpoint) return endpoint.error();
    auto acceptor = std::make_unique<Acceptor>(loop_.get_executor());
    error_code failed;
    const auto step = [&](auto&& call) {
        if (!failed) call();
    };
    step([&] { acceptor->open(endpoint->protocol(), failed); });
    step([&] { acceptor->set_option(Acceptor::reuse_address(true), failed); });
    step([&] { acceptor->bind(*endpoint, failed); });
    step([&] { acceptor->listen(4096, failed); });
    if (failed) {
        return Error(Errc::system_error, "cannot listen on " + address + ": " + failed.message());
    }
    const auto bound = acceptor->local_endpoint();
    acceptors_.push_back(std::move(acceptor));
    const Executor executor = loop_.get_executor();
    auto accept_one = [this, &from = *acceptors_.back()] { return accept(from); };
    spawn(executor, keep_doing(executor, "accepting a connection", std::move(accept_one)),
          "accepting connections");
    return bound;
}

/// Returns false if there are no more.
Task<bool> Server::accept(Acceptor& acceptor) {
    Tcp::endpoint peer;
    auto [failed, socket] = co_await acceptor.async_accept(peer, use_task);
    if (!acceptor.is_open()) co_return false;
    if (!failed) {
        begin(Socket(std::move(socket)), peer);
        co_return true;
    }
    // Descriptors or memory are exhausted; other connections may end meanwhile.
    asio::basic_waitable_timer<Connection::Clock, asio::wait_traits<Connection::Clock>, Executor>
        pause(loop_.get_executor(), std::chrono::milliseconds(50));
    co_await pause.async_wait(use_task);
    co_return true;
}

void Server::begin(Socket socket, const Tcp::endpoint& peer) {
    ++counts_.connections_accepted;
    error_code failed;
    socket.non_blocking(true, failed);
    if (!failed) socket.set_option(Tcp::no_delay(true), failed);
    if (failed) return;  // the client has left already
    if (counts_.connections_open >= limits_.connections) {
        ++counts_.connections_refused;
        constexpr std::string_view refusal =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n";
        if (!tls_) socket.write_some(asio::buffer(refusal), failed);
        return;
    }
    const auto connection = std::make_shared<Connection>(*this, std::move(socket), peer);
    asio::co_spawn(loop_.get_executor(), connection->run(), [connection](auto failure) {
        if (failure) log_failure("a connection", failure);
    });
}

/// Returns false if all connections have ended.
Task<bool> Server::watch_time() {
    constexpr std::chrono::milliseconds interval{250};
    timer_.expires_after(interval);
    co_await timer_.async_wait(use_task);
    const auto now = Connection::Clock::now();
    // A cut connection ends later, from the loop, so the sets do not change here.
    for (Connection* connection : connections_) connection->check(now);
    for (LiveStream* stream : streams_) stream->check(now);
    if (!is_draining_ || (!connections_.empty() && now < drain_until_)) co_return true;
    // A connection that waits for the grid does not notice the cut.
    if (connections_.empty() || std::exchange(is_cut_, true)) {
        loop_.stop();
        co_return false;
    }
    for (Connection* connection : connections_) connection->cut();
    co_return true;
}

void Server::drain() {
    if (is_draining_) return;
    is_draining_ = true;
    drain_until_ = Connection::Clock::now() + limits_.drain_time;
    error_code ignored;  // The socket is being closed.
    for (auto& acceptor : acceptors_) acceptor->close(ignored);
    for (Connection* connection : connections_) connection->drain();
    timer_.cancel();
}

const std::string& Server::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        date_second_ = now;
        std::tm parts{};
        gmtime_r(&now, &parts);
        char text[64];
        date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    }
    return date_;
}

}  // namespace ringside::gateway
