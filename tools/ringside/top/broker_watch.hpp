#pragma once

#include <chrono>
#include <string>

#include "shm/segment/segment.hpp"

namespace ringside::tools {

enum class BrokerState {
    serving,
    read_only,  ///< serves while its store is failing
    stalled,    ///< its process exists, but its heartbeat has stopped
    gone,       ///< its process has ended; another one may take over
    ended,      ///< the grid has ended
};

[[nodiscard]] const char* name(BrokerState state) noexcept;

/// Checks the broker of a grid, as often as keys are polled.
class BrokerWatch {
public:
    /// The broker's heartbeat changes about ten times per second.
    static constexpr std::chrono::milliseconds heartbeat_age_max{400};

    explicit BrokerWatch(const shm::Segment& segment) : segment_(&segment) {
        if (look() == BrokerState::read_only) state_ = BrokerState::read_only;
    }

    /// Returns whether the state has changed since the last call. The first call reports a broker
    /// that does not serve as a change.
    bool update();
    [[nodiscard]] BrokerState state() const noexcept { return state_; }
    [[nodiscard]] bool is_lost() const noexcept {
        return state_ == BrokerState::gone || state_ == BrokerState::ended;
    }
    /// Age of the last heartbeat.
    [[nodiscard]] std::chrono::nanoseconds heartbeat_age() const noexcept;

    /// Throws ringside::Exception (no_broker) if the grid has ended, or if a broker that was killed
    /// or replaced has had no successor for two seconds.
    void check() const;

private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] BrokerState look() const;

    const shm::Segment* segment_;
    BrokerState state_ = BrokerState::serving;
    Clock::time_point lived_at_ = Clock::now();
};

}  // namespace ringside::tools
