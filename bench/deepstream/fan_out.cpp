#include <fmt/format.h>

#include <functional>

#include "bench/deepstream/deepstream.hpp"
#include "bench/deepstream/digits.hpp"
#include "bench/deepstream/fan_out.hpp"

namespace ringside::bench {

namespace {

/// Returns a name that no earlier run has used.
std::string fresh_name() {
    static int count = 0;
    return fmt::format("bench/fan-out/{}", ++count);
}

constexpr std::string_view document = R"({"home":3,"away":1,"minute":71,"scorer":"Hansen","n":1)";

}  // namespace

FanOut::FanOut(const Server& server, std::size_t subscribers)
    : server_(server), generator_(server.port, subscribers + 1), reached_(subscribers + 1) {}

void FanOut::subscribe_all(const std::function<void(Connection&)>& subscribe) {
    for (std::size_t i = 1; i < reached_.size(); ++i) subscribe(generator_[i]);
}

void FanOut::reach(std::size_t subscriber, std::uint64_t number) {
    if (number > sent_ || number <= reached_[subscriber])
        throw std::runtime_error("subscriber received a message that was not sent, or twice");
    ++deliveries_;
    while (reached_[subscriber] < number) ++arrived_[++reached_[subscriber] % window];
    while (complete_ < sent_ && arrived_[(complete_ + 1) % window] == reached_.size() - 1)
        arrived_[++complete_ % window] = 0;
}

EventFanOut::EventFanOut(const Server& server, std::size_t subscribers, std::size_t padding)
    : FanOut(server, subscribers) {
    const std::string name = fresh_name();
    auto subscription = gateway::deepstream::event_message(EventAction::subscribe);
    subscription.add_names(name);
    subscription.set_correlation_id("0");
    subscribe_frame_ = frame_to_send(subscription);
    subscribe_all([this](Connection& connection) { subscribe(connection); });
    auto event = gateway::deepstream::event_message(EventAction::emit);
    event.set_name(name);
    event.set_data(
        fmt::format(R"({}{},"more":"{}"}})", document, no_digits, std::string(padding, '.')));
    frame_ = frame_to_send(event);
    number_at_ = frame_.find(no_digits);
}

void EventFanOut::subscribe(Connection& connection) const {
    connection.ask(subscribe_frame_, Topic::event, EventAction::subscribe);
}

const std::string& EventFanOut::frame(std::uint64_t number) {
    write_digits(frame_, number_at_, number);
    return frame_;
}

std::uint64_t EventFanOut::number_of(std::size_t subscriber, const Incoming& message) const {
    message.expect(Topic::event, EventAction::emit);
    return reached(subscriber) + 1;
}

namespace {

/// Versions of one record, whose writer is not notified.
class RecordFanOut : public FanOut {
public:
    RecordFanOut(const Server& server, std::size_t subscribers)
        : FanOut(server, subscribers), name_(fresh_name()) {
        auto subscription =
            gateway::deepstream::record_message(RecordAction::subscribe_create_and_read);
        subscription.add_names(name_);
        subscription.set_correlation_id("0");
        const std::string frame = frame_to_send(subscription);
        subscribe_all([&](Connection& connection) {
            connection.ask(frame, Topic::record, RecordAction::read_response);
        });
    }

private:
    const std::string& frame(std::uint64_t number) override {
        auto update = gateway::deepstream::record_message(RecordAction::update);
        update.set_name(name_);
        update.set_data(fmt::format("{}{:08}}}", document, number % 100'000'000));
        update.set_version(static_cast<std::int32_t>(number));
        return frame_ = frame_to_send(update);
    }
    /// Returns the version, which is the last field: its tag, and a varint.
    std::uint64_t number_of(std::size_t, const Incoming& message) const override {
        message.expect(Topic::record, RecordAction::update);
        const auto* begin = reinterpret_cast<const std::uint8_t*>(message.payload.data());
        const auto* at = begin + message.payload.size() - 1;
        std::uint64_t version = *at;
        while (at > begin && *--at >= 0x80) version = version << 7 | (*at & 0x7f);
        if (*at != (13 << 3)) throw std::runtime_error("update does not end with its version");
        return version;
    }

    std::string name_;
    std::string frame_;
};

}  // namespace

void measure_fan_out(const Comparison& comparison) {
    constexpr std::size_t subscribers = 50;
    const DeepstreamScale& scale = comparison.scale;
    comparison.loads("event to 50 subscribers, a delivery", 0.2, [&](const Server& server) {
        return EventFanOut(server, subscribers, 20).measure(scale);
    });
    comparison.loads(
        "update of one record to 50 subscribers, a delivery", 0.2,
        [&](const Server& server) { return RecordFanOut(server, subscribers).measure(scale); });
}

}  // namespace ringside::bench
