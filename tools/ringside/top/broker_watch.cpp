#include "tools/ringside/top/broker_watch.hpp"

#include <algorithm>
#include <utility>

#include "ringside/client.hpp"
#include "tools/ringside/grid_state.hpp"

namespace ringside::tools {

const char* name(BrokerState state) noexcept {
    switch (state) {
        case BrokerState::serving: return "serving";
        case BrokerState::read_only: return "read-only";
        case BrokerState::stalled: return "stalled";
        case BrokerState::gone: return "gone";
        case BrokerState::ended: return "ended";
    }
    return "unknown";
}

bool BrokerWatch::update() {
    const BrokerState now = look();
    if (now != BrokerState::gone && now != BrokerState::ended) lived_at_ = Clock::now();
    return std::exchange(state_, now) != now;
}

std::chrono::nanoseconds BrokerWatch::heartbeat_age() const noexcept {
    const auto beat = segment_->header().broker.heartbeat_ns.load(std::memory_order_relaxed);
    const auto age = std::chrono::system_clock::now().time_since_epoch() -
                     std::chrono::nanoseconds(static_cast<std::int64_t>(beat));
    return std::max<std::chrono::nanoseconds>(age, std::chrono::nanoseconds(0));
}

void BrokerWatch::check() const {
    constexpr std::chrono::seconds patience{2};
    if (state_ == BrokerState::ended) throw Exception(Error(Errc::no_broker, "the grid has ended"));
    if (state_ == BrokerState::gone && Clock::now() - lived_at_ > patience)
        throw Exception(Error(Errc::no_broker, "the broker ended"));
}

BrokerState BrokerWatch::look() const {
    const shm::Header& header = segment_->header();
    const auto state = header.broker.state.load(std::memory_order_relaxed);
    if (state != static_cast<std::uint32_t>(shm::GridState::serving)) return BrokerState::ended;
    if (!has_broker(*segment_)) return BrokerState::gone;
    if (heartbeat_age() > heartbeat_age_max) return BrokerState::stalled;
    const bool is_failing = header.store.is_failing.load(std::memory_order_relaxed) != 0;
    return is_failing ? BrokerState::read_only : BrokerState::serving;
}

}  // namespace ringside::tools
