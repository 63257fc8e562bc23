#include "bench/peers/channel.hpp"
#include "bench/peers/nats.hpp"

namespace ringside::bench {

namespace {

constexpr const char* watched = "peers.watched";

/// Publishes the document; nothing is stored.
class NatsAnnouncer : public Announcer {
public:
    explicit NatsAnnouncer(const std::string& url) : connection_(url) {}
    void announce(ByteView document) override { connection_.publish(watched, document); }

private:
    NatsConnection connection_;
};

class NatsWatcher : public Watcher {
public:
    explicit NatsWatcher(const std::string& url) : connection_(url) {
        connection_.subscribe(watched);
    }
    std::uint64_t wait() override { return number_in(connection_.wait().payload()); }
    std::optional<std::uint64_t> poll() override {
        const auto message = connection_.poll();
        if (!message) return std::nullopt;
        return number_in(message->payload());
    }

private:
    NatsConnection connection_;
};

class NatsChannel : public Channel {
public:
    [[nodiscard]] std::string_view name() const override { return "NATS"; }
    [[nodiscard]] pid_t server() const override { return server_.pid(); }
    [[nodiscard]] std::unique_ptr<Announcer> make_announcer() const override {
        return std::make_unique<NatsAnnouncer>(server_.url());
    }
    [[nodiscard]] std::unique_ptr<Watcher> make_watcher(Waiting) const override {
        return std::make_unique<NatsWatcher>(server_.url());
    }

private:
    NatsServer server_;
};

}  // namespace

std::unique_ptr<Channel> make_nats_channel() { return std::make_unique<NatsChannel>(); }

}  // namespace ringside::bench
