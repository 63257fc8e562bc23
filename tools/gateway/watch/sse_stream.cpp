#include "tools/gateway/watch/sse_stream.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tools/gateway/http/server.hpp"

namespace ringside::gateway {

SseStreams::SseStreams(asio::io_context& loop, GatewayFigures& figures)
    : timer_(loop.get_executor()), figures_(figures) {
    asio::co_spawn(loop.get_executor(), beat(), asio::detached);
}

const std::shared_ptr<const std::string>& SseStreams::text_of(
    const std::shared_ptr<const ChangeText>& change, const std::optional<Place>& place) {
    const auto revision = place ? std::optional(place->revision) : std::nullopt;
    if (change != last_change_ || revision != last_place_) {
        std::string text = fmt::format("event: {}\ndata: {{{}}}\n", ringside::name(change->kind()),
                                       change->text());
        if (place) text += "id: " + place->text() + "\n";
        text += '\n';
        last_change_ = change;
        last_place_ = revision;
        last_text_ = std::make_shared<const std::string>(std::move(text));
    }
    return last_text_;
}

Task<void> SseStreams::beat() {
    for (;;) {
        timer_.expires_after(std::chrono::seconds(1));
        const auto [failed] = co_await timer_.async_wait(use_task);
        if (failed) co_return;
        const auto now = std::chrono::steady_clock::now();
        for (SseStream* stream : streams_) stream->beat(now);
    }
}

SseStream::SseStream(SseStreams& all, Connection& connection) noexcept
    : all_(all), connection_(connection), told_at_(Clock::now()) {
    all_.streams_.insert(this);
}

SseStream::~SseStream() { all_.streams_.erase(this); }

Task<void> SseStream::run(std::shared_ptr<SseStream> stream, Feed& feed, Requester requester,
                          WatchRequest request) {
    Connection& connection = stream->connection_;
    auto subscription = feed.subscribe(*stream, requester, request);
    if (!subscription) {
        stream->put(std::make_shared<const std::string>(
            fmt::format("event: error\ndata: {}\n\n", subscription.error().to_json())));
        co_return;
    }
    stream->subscription_ = *std::move(subscription);
    connection.on_drain([&connection] { connection.cut(); });
    stream->subscription_->go_on();
    // Whatever the client sends is of no use; its end is the end.
    char ignored[64];
    for (error_code gone; !gone;) {
        const auto [failed, count] =
            co_await connection.stream().async_read_some(asio::buffer(ignored), use_task);
        gone = failed;
    }
    connection.on_drain(nullptr);
    stream->subscription_.reset();
    stream->is_over_ = true;
    connection.cut();
}

void SseStream::tell(const Subscription&, const std::shared_ptr<const ChangeText>& text,
                     const std::optional<Place>& place) {
    ++all_.figures_.changes_sent;
    put(all_.text_of(text, place));
}

void SseStream::tell_place(const Subscription&, const Place& place) {
    put(std::make_shared<const std::string>("id: " + place.text() + "\n\n"));
}

void SseStream::beat(Clock::time_point now) {
    if (is_writing_ || now - told_at_ < SseStreams::beat_interval || !subscription_) return;
    std::string text = ":\n";
    if (subscription_->is_live()) text += "id: " + subscription_->feed().place().text() + "\n";
    put(std::make_shared<const std::string>(text + "\n"));
}

void SseStream::put(std::shared_ptr<const std::string> text) {
    if (is_over_) return;
    told_at_ = Clock::now();
    std::size_t written = 0;
    connection_.server().counts().bytes_sent += text->size();
    if (!is_writing_) {
        error_code failed;
        written = connection_.stream().write_now(asio::buffer(*text), failed);
        if (failed) return connection_.cut();
        if (written == text->size()) return;
        front_written_ = written;
    }
    queued_bytes_ += text->size() - written;
    queue_.push_back(std::move(text));
    if (std::exchange(is_writing_, true)) return;
    asio::co_spawn(connection_.stream().get_executor(), write_queue(), asio::detached);
}

Task<void> SseStream::write_queue() {
    const auto self = shared_from_this();
    const auto connection = connection_.shared_from_this();
    while (!queue_.empty() && !is_over_) {
        connection_.expect_within(connection_.server().limits().write_time);
        const std::string& front = *queue_.front();
        const auto [failed, count] = co_await connection_.stream().async_write_some(
            asio::buffer(front.data() + front_written_, front.size() - front_written_), use_task);
        if (failed) {
            connection_.cut();
            break;
        }
        front_written_ += count;
        queued_bytes_ -= count;
        if (front_written_ == front.size()) {
            queue_.pop_front();
            front_written_ = 0;
        }
        if (queue_.empty() && subscription_) {
            connection_.expect_nothing();
            subscription_->go_on();
        }
    }
    is_writing_ = false;
}

}  // namespace ringside::gateway
