#include "tools/gateway/watch/sse_stream.hpp"

#include <fmt/format.h>

#include "tools/gateway/http/server.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

SseStreams::SseStreams(asio::io_context& loop, GatewayFigures& figures)
    : timer_(loop.get_executor()), figures_(figures) {
    const Executor executor = loop.get_executor();
    spawn(executor, keep_doing(executor, "stream keep-alive", [this] { return beat(); }),
          "stream keep-alive");
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

Task<bool> SseStreams::beat() {
    timer_.expires_after(std::chrono::seconds(1));
    const auto [failed] = co_await timer_.async_wait(use_task);
    if (failed) co_return false;
    const auto now = std::chrono::steady_clock::now();
    for (SseStream* stream : streams_) stream->beat(now);
    co_return true;
}

SseStream::SseStream(SseStreams& all, Connection& connection, Requester requester,
                     RightsCheck check)
    : all_(all),
      connection_(connection),
      alive_(connection.shared_from_this()),
      requester_(std::move(requester)),
      check_rights_(std::move(check)),
      rights_due_(Clock::now() + rights_check_interval),
      memory_(connection.server().stream_memory(), requester_.account()),
      told_at_(Clock::now()) {
    all_.streams_.insert(this);
    connection_.server().add(*this);
}

SseStream::~SseStream() {
    connection_.server().remove(*this);
    all_.streams_.erase(this);
}

Task<void> SseStream::run(std::shared_ptr<SseStream> stream, Feed& feed, WatchRequest request) {
    Connection& connection = stream->connection_;
    auto subscription = feed.subscribe(*stream, stream->requester_, request);
    if (!subscription) {
        stream->put(std::make_shared<const std::string>(
            fmt::format("event: error\ndata: {}\n\n", subscription.error().to_json())));
        co_return;
    }
    stream->subscription_ = *std::move(subscription);
    connection.on_drain([&connection] { connection.cut(); });
    stream->subscription_->go_on();
    // Input from the client is ignored; its end ends the stream.
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

bool SseStream::has_room() const noexcept {
    const bool may_have = memory_.has_room() || (is_modest_ && queued_bytes_ == 0);
    const bool has = queued_bytes_ < queue_bytes_max && may_have;
    was_full_ = was_full_ || !has;
    return has;
}

void SseStream::pop_front() {
    memory_.set(memory_.bytes() - queue_.front().charged);
    queue_.pop_front();
    front_written_ = 0;
}

void SseStream::check(Clock::time_point now) {
    if (is_over_ || !subscription_) return;
    if (now >= rights_due_) {
        rights_due_ = now + rights_check_interval;
        const Rights rights = check_rights_(requester_);
        if (rights == Rights::ended) {
            return end({401, "unauthenticated", "credentials are no longer valid"});
        }
        if (rights == Rights::changed && !subscription_->adopt(requester_)) {
            return end({403, "permission_denied", "permissions were revoked"});
        }
    }
    if (!is_writing_ && std::exchange(was_full_, false)) subscription_->go_on();
}

/// Sends the reason, and then ends the connection.
void SseStream::end(const Problem& problem) {
    put(std::make_shared<const std::string>(
        fmt::format("event: error\ndata: {}\n\n", problem.to_json())));
    is_over_ = true;
    subscription_.reset();
    error_code ignored;  // The connection is discarded in any case.
    if (!is_writing_) connection_.stream().socket().shutdown(Socket::shutdown_both, ignored);
}

void SseStream::put(std::shared_ptr<const std::string> text) {
    if (is_over_) return;
    told_at_ = Clock::now();
    is_modest_ = text->size() <= ByteBudget::modest_bytes;
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
    // SseStreams also holds the current text.
    const std::size_t charged = text.use_count() <= 2 ? text->size() : 0;
    memory_.set(memory_.bytes() + charged);
    queue_.push_back({std::move(text), charged});
    if (std::exchange(is_writing_, true)) return;
    spawn(connection_.stream().get_executor(), write_queue(), "a stream of events");
}

Task<void> SseStream::write_queue() {
    const auto self = shared_from_this();
    while (!queue_.empty()) {
        connection_.expect_within(connection_.server().limits().write_time);
        const std::string& front = *queue_.front().text;
        const auto [failed, count] = co_await connection_.stream().async_write_some(
            asio::buffer(front.data() + front_written_, front.size() - front_written_), use_task);
        if (failed) {
            connection_.cut();
            break;
        }
        front_written_ += count;
        queued_bytes_ -= count;
        if (front_written_ == front.size()) pop_front();
        if (queue_.empty() && subscription_) {
            connection_.expect_nothing();
            subscription_->go_on();
        }
    }
    is_writing_ = false;
    error_code ignored;  // The connection is discarded in any case.
    if (is_over_) connection_.stream().socket().shutdown(Socket::shutdown_both, ignored);
}

}  // namespace ringside::gateway
