#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tools/gateway/http/connection.hpp"

namespace ringside::gateway {

/// A stream whose writes are queued and sent together at the end of the loop's turn, so that many
/// small messages cost one system call. It replaces the stream below Beast's WebSocket, for both
/// asynchronous and synchronous writes.
///
/// Memory: the user bounds the queue by `waiting_bytes`. Time: a client that takes nothing within
/// the server's limits is disconnected.
class CorkedStream : public std::enable_shared_from_this<CorkedStream> {
public:
    using executor_type = Executor;

    explicit CorkedStream(Connection& connection)
        : connection_(connection), alive_(connection.shared_from_this()) {}
    CorkedStream(const CorkedStream&) = delete;
    CorkedStream& operator=(const CorkedStream&) = delete;

    [[nodiscard]] executor_type get_executor() noexcept {
        return connection_.stream().get_executor();
    }
    [[nodiscard]] Connection& connection() noexcept { return connection_; }

    /// Returns the bytes that the client has not taken yet.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept {
        return corked_.size() + sending_.size() - sent_;
    }
    /// Called whenever the queue is empty.
    void on_drained(std::function<void()> call) { on_drained_ = std::move(call); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return connection_.stream().async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this](auto handler, const Buffers& from) {
                const std::size_t bytes = cork(from);
                asio::post(get_executor(), boost::beast::bind_front_handler(std::move(handler),
                                                                            error_code(), bytes));
            },
            token, buffers);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& failed) {
        failed = {};
        return cork(buffers);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        return cork(buffers);
    }
    /// Exists because Beast requires a SyncStream for writing; reading never blocks.
    template <class Buffers>
    std::size_t read_some(const Buffers&, error_code& failed) {
        failed = asio::error::would_block;
        return 0;
    }
    template <class Buffers>
    std::size_t read_some(const Buffers&) {
        return 0;
    }

private:
    template <class Buffers>
    std::size_t cork(const Buffers& buffers) {
        std::size_t bytes = 0;
        if (is_broken_) return asio::buffer_size(buffers);
        for (auto at = asio::buffer_sequence_begin(buffers);
             at != asio::buffer_sequence_end(buffers); ++at) {
            const asio::const_buffer part(*at);
            corked_.append(static_cast<const char*>(part.data()), part.size());
            bytes += part.size();
        }
        uncork_later();
        return bytes;
    }
    void uncork_later();
    void uncork();
    Task<void> send_rest();
    void give_up();

    Connection& connection_;
    const std::shared_ptr<Connection> alive_;
    std::string corked_;   ///< queued
    std::string sending_;  ///< being sent; the first `sent_` bytes are done
    std::size_t sent_ = 0;
    bool is_broken_ = false;   ///< nothing more can be sent
    bool is_due_ = false;      ///< a call of `uncork` is scheduled
    bool is_sending_ = false;  ///< `send_rest` is under way and also sends `corked_`
    std::function<void()> on_drained_;
};

// For Beast's WebSocket, which ends the stream below it when it has ended.
template <class Handler>
void async_teardown(boost::beast::role_type role, CorkedStream& stream, Handler&& handler) {
    async_teardown(role, stream.connection().stream(), std::forward<Handler>(handler));
}
inline void beast_close_socket(CorkedStream& stream) {
    beast_close_socket(stream.connection().stream());
}
inline void teardown(boost::beast::role_type role, CorkedStream& stream, error_code& failed) {
    teardown(role, stream.connection().stream(), failed);
}

}  // namespace ringside::gateway
