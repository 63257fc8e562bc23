#include "bench/peers/channel.hpp"
#include "bench/support/process.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

namespace {

constexpr std::string_view watched = "peers/watched";

/// How a document is announced.
enum class Means { record, event };

/// Writes the record, or publishes the event, without waiting for the reply.
class RingsideAnnouncer : public Announcer {
public:
    RingsideAnnouncer(const std::string& grid, Means means)
        : means_(means),
          client_(Client::attach({.grid = grid}).value()),
          pipeline_(client_.pipeline().value()) {}

    void announce(ByteView document) override {
        pipeline_.poll();
        if (means_ == Means::record) pipeline_.put_encoded(watched, document).value();
        else pipeline_.publish_encoded(watched, document).value();
    }

private:
    Means means_;
    Client client_;
    Pipeline pipeline_;
};

class RingsideWatcher : public Watcher {
public:
    RingsideWatcher(const std::string& grid, Means means)
        : client_(Client::attach({.grid = grid, .spin = {}}).value()),
          watch_(means == Means::record ? client_.watch(watched).value()
                                        : client_.subscribe(watched).value()) {}

    std::uint64_t wait() override {
        for (;;) {
            const auto event = watch_.next(std::chrono::seconds(10));
            if (event) return number_in(event->record.bytes());
        }
    }
    std::optional<std::uint64_t> poll() override {
        const auto event = watch_.poll();
        if (!event) return std::nullopt;
        return number_in(event->record.bytes());
    }

private:
    Client client_;
    Watch watch_;
};

class RingsideChannel : public Channel {
public:
    RingsideChannel(Waiting how, Means means)
        : means_(means),
          broker_("256MiB", {"--spin-us", how == Waiting::sleeping ? "0" : "2000"}) {}
    [[nodiscard]] std::string_view name() const override { return "Ringside"; }
    [[nodiscard]] pid_t server() const override { return broker_.pid(); }
    [[nodiscard]] std::unique_ptr<Announcer> make_announcer() const override {
        return std::make_unique<RingsideAnnouncer>(broker_.grid(), means_);
    }
    [[nodiscard]] std::unique_ptr<Watcher> make_watcher(Waiting) const override {
        return std::make_unique<RingsideWatcher>(broker_.grid(), means_);
    }

private:
    Means means_;
    Broker broker_;
};

}  // namespace

std::unique_ptr<Channel> make_ringside_channel(Waiting how) {
    return std::make_unique<RingsideChannel>(how, Means::record);
}
std::unique_ptr<Channel> make_ringside_event_channel(Waiting how) {
    return std::make_unique<RingsideChannel>(how, Means::event);
}

}  // namespace ringside::bench
