#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>

#include "tools/gateway/net.hpp"

namespace ringside::gateway {

namespace ssl = asio::ssl;

/// A connection's bytes, in plain text or through TLS; an AsyncStream of Asio and Beast.
class Stream {
public:
    using executor_type = Executor;
    using Tls = ssl::stream<Socket&>;

    /// `tls` is null for plain text.
    Stream(Socket socket, ssl::context* tls) : socket_(std::move(socket)) {
        if (tls != nullptr) tls_ = std::make_unique<Tls>(socket_, *tls);
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    [[nodiscard]] executor_type get_executor() noexcept { return socket_.get_executor(); }
    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    /// Returns null for plain text.
    [[nodiscard]] Tls* tls() noexcept { return tls_.get(); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, const Buffers& into) {
                if (tls_) tls_->async_read_some(into, std::move(handler));
                else socket_.async_read_some(into, std::move(handler));
            },
            token, buffers);
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, const Buffers& from) {
                if (tls_) tls_->async_write_some(from, std::move(handler));
                else socket_.async_write_some(from, std::move(handler));
            },
            token, buffers);
    }

    /// Writes what it can without blocking, which is nothing through TLS. Returns the number of
    /// bytes.
    /// REQUIRES: no write is under way.
    template <class Buffers>
    std::size_t write_now(const Buffers& buffers, error_code& failed) {
        if (tls_) return 0;
        const std::size_t written = socket_.write_some(buffers, failed);
        if (failed == asio::error::would_block) failed = {};
        return written;
    }

private:
    Socket socket_;
    std::unique_ptr<Tls> tls_;
};

/// For Beast's WebSocket, which ends the stream below it when it has ended. Ends the sending side
/// only: a connection that is closed while the client sends would be reset, and the close frame
/// lost. The owner of the connection continues to read for a while (`Connection::linger`).
template <class Handler>
void async_teardown(boost::beast::role_type, Stream& stream, Handler&& handler) {
    error_code failed;
    stream.socket().shutdown(Socket::shutdown_send, failed);
    asio::post(stream.get_executor(),
               boost::beast::bind_front_handler(std::forward<Handler>(handler), failed));
}
inline void beast_close_socket(Stream& stream) {
    error_code ignored;  // The socket is discarded in any case.
    stream.socket().close(ignored);
}
inline void teardown(boost::beast::role_type, Stream& stream, error_code& failed) {
    stream.socket().shutdown(Socket::shutdown_both, failed);
}

}  // namespace ringside::gateway
