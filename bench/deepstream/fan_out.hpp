#pragma once

#include <array>
#include <functional>
#include <vector>

#include "bench/deepstream/deepstream.hpp"
#include "bench/deepstream/generator.hpp"

namespace ringside::bench {

/// Connection 0 sends messages numbered from 1 on; the others receive them. At most `window`
/// messages are incomplete at a time, so that no queue grows.
class FanOut {
public:
    FanOut(const Server& server, std::size_t subscribers);
    virtual ~FanOut() = default;
    FanOut(const FanOut&) = delete;
    FanOut& operator=(const FanOut&) = delete;

    /// Returns a load whose operations are deliveries.
    Load measure(const DeepstreamScale& scale) {
        run_for(scale.warm_up_ns);
        const std::uint64_t before = deliveries_;
        const Meter meter(server_);
        run_for(scale.slice_ns);
        const Load load = meter.stop(static_cast<double>(deliveries_ - before));
        run([] { return false; }, [this] { return complete_ == sent_; });
        return load;
    }
    /// Sends this many messages, and waits until all subscribers have them.
    void send_to_all(std::uint64_t count) {
        const std::uint64_t last = sent_ + count;
        run([&] { return sent_ < last; }, [&] { return complete_ == last; });
    }

protected:
    void subscribe_all(const std::function<void(Connection&)>& subscribe);
    [[nodiscard]] std::uint64_t reached(std::size_t subscriber) const {
        return reached_[subscriber];
    }

private:
    static constexpr std::uint64_t window = 64;

    virtual const std::string& frame(std::uint64_t number) = 0;
    /// Returns the number up to which a subscriber has received every message or its replacement.
    [[nodiscard]] virtual std::uint64_t number_of(std::size_t subscriber,
                                                  const Incoming& message) const = 0;
    void reach(std::size_t subscriber, std::uint64_t number);

    template <class IsWanted, class IsDone>
    void run(IsWanted is_wanted, IsDone is_done) {
        // Sends half a window at a time. Sending a message whenever there is room for one would
        // cost the load generator as much as the server.
        const auto send_more = [&] {
            if (sent_ - complete_ > window / 2) return;
            while (sent_ - complete_ < window && is_wanted()) {
                ++sent_;
                generator_.send(0, frame(sent_));
            }
        };
        send_more();
        generator_.run(
            [&](std::size_t connection, const Incoming& message) {
                reach(connection, number_of(connection, message));
                send_more();
            },
            is_done);
    }
    void run_for(double ns) {
        const auto start = Clock::now();
        run([] { return true; }, [&] { return ns_since(start) >= ns; });
    }

    Server server_;
    Generator generator_;
    std::vector<std::uint64_t> reached_;           ///< by connection
    std::array<std::uint64_t, window> arrived_{};  ///< subscribers reached, by message
    std::uint64_t sent_ = 0;
    std::uint64_t complete_ = 0;  ///< received by all
    std::uint64_t deliveries_ = 0;
};

/// Events of one subject.
class EventFanOut : public FanOut {
public:
    EventFanOut(const Server& server, std::size_t subscribers, std::size_t padding);
    /// Subscribes one more connection, which is not measured.
    void subscribe(Connection& connection) const;

private:
    const std::string& frame(std::uint64_t number) override;
    [[nodiscard]] std::uint64_t number_of(std::size_t subscriber,
                                          const Incoming& message) const override;

    std::string subscribe_frame_;
    std::string frame_;
    std::size_t number_at_ = 0;
};

}  // namespace ringside::bench
