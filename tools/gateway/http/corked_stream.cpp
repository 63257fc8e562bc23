#include "tools/gateway/http/corked_stream.hpp"

#include "tools/gateway/http/server.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t kept_bytes = 16U << 10;  ///< memory beyond this is released

void forget(std::string& text) {
    text.clear();
    if (text.capacity() > kept_bytes) text.shrink_to_fit();
}

}  // namespace

void CorkedStream::uncork_later() {
    if (is_sending_ || std::exchange(is_due_, true)) return;
    asio::post(get_executor(), [self = shared_from_this()] { self->uncork(); });
}

void CorkedStream::uncork() {
    is_due_ = false;
    if (corked_.empty()) return;
    error_code failed;
    const std::size_t written = connection_.stream().write_now(asio::buffer(corked_), failed);
    connection_.server().counts().bytes_sent += written;
    if (failed) return give_up();
    if (written == corked_.size()) {
        forget(corked_);
        if (on_drained_) on_drained_();
        return;
    }
    sending_.swap(corked_);
    sent_ = written;
    is_sending_ = true;
    spawn(get_executor(), send_rest(), "sending to a WebSocket");
}

/// The client is gone: drops queued data, so that no coroutine waits for it.
void CorkedStream::give_up() {
    is_broken_ = true;
    is_sending_ = false;
    sent_ = 0;
    corked_ = {};
    sending_ = {};
    connection_.cut();
}

Task<void> CorkedStream::send_rest() {
    const auto self = shared_from_this();
    for (;;) {
        connection_.expect_within(connection_.server().limits().write_time);
        const auto [failed, count] = co_await connection_.stream().async_write_some(
            asio::buffer(sending_) + sent_, use_task);
        connection_.expect_nothing();
        if (failed) co_return give_up();
        connection_.server().counts().bytes_sent += count;
        sent_ += count;
        if (sent_ < sending_.size()) continue;
        forget(sending_);
        sent_ = 0;
        if (corked_.empty()) break;
        sending_.swap(corked_);
    }
    is_sending_ = false;
    if (on_drained_) on_drained_();
}

}  // namespace ringside::gateway
