#include <stdexcept>

#include "bench/peers/channel.hpp"
#include "bench/peers/redis.hpp"

namespace ringside::bench {

namespace {

constexpr std::string_view watched = "peers/watched";

/// Stores the document and publishes it in one packet, the equivalent of one step in Ringside.
class RedisAnnouncer : public Announcer {
public:
    explicit RedisAnnouncer(const std::string& socket) : connection_(socket) {}

    void announce(ByteView document) override {
        for (; replies_due_ > 0; --replies_due_) static_cast<void>(connection_.reply());
        connection_.append({"SET", watched, text_of(document)});
        connection_.append({"PUBLISH", watched, text_of(document)});
        connection_.flush();
        replies_due_ = 2;
    }

private:
    RedisConnection connection_;
    int replies_due_ = 0;
};

class RedisWatcher : public Watcher {
public:
    RedisWatcher(const std::string& socket, Waiting how)
        : connection_(socket, how == Waiting::sleeping ? RedisConnection::Waits::sleeping
                                                       : RedisConnection::Waits::spinning) {
        connection_.append({"SUBSCRIBE", watched});
        connection_.flush();
    }

    std::uint64_t wait() override {
        for (;;) {
            if (const auto number = number_of(connection_.reply())) return *number;
        }
    }
    std::optional<std::uint64_t> poll() override { return number_of(connection_.poll()); }

private:
    /// Messages are ["message", channel, payload]; other replies confirm the subscription.
    static std::optional<std::uint64_t> number_of(const RedisConnection::Reply& reply) {
        if (!reply || reply->elements != 3 || reply->element[2]->type != REDIS_REPLY_STRING)
            return std::nullopt;
        return number_in(bytes_of(*reply->element[2]));
    }

    RedisConnection connection_;
};

class RedisChannel : public Channel {
public:
    explicit RedisChannel(const std::string& directory) : server_(directory) {}
    [[nodiscard]] std::string_view name() const override { return "Redis"; }
    [[nodiscard]] pid_t server() const override { return server_.pid(); }
    [[nodiscard]] std::unique_ptr<Announcer> make_announcer() const override {
        return std::make_unique<RedisAnnouncer>(server_.socket());
    }
    [[nodiscard]] std::unique_ptr<Watcher> make_watcher(Waiting how) const override {
        return std::make_unique<RedisWatcher>(server_.socket(), how);
    }

private:
    RedisServer server_;
};

}  // namespace

std::unique_ptr<Channel> make_redis_channel(const std::string& directory) {
    return std::make_unique<RedisChannel>(directory);
}

}  // namespace ringside::bench
