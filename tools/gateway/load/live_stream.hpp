#pragma once

#include <chrono>
#include <functional>

#include "tools/gateway/grid/requester.hpp"

namespace ringside::gateway {

/// A long-lived stream: a WebSocket or an event stream. The server checks it four times a second
/// for conditions that no other event reports.
class LiveStream {
public:
    virtual ~LiveStream() = default;
    virtual void check(std::chrono::steady_clock::time_point now) = 0;

protected:
    LiveStream() = default;
    LiveStream(const LiveStream&) = delete;
    LiveStream& operator=(const LiveStream&) = delete;
};

/// The state of the rights of a user whose stream is open.
enum class Rights : std::uint8_t {
    unchanged,
    changed,  ///< the requester holds the new rights
    ended     ///< the credentials are no longer valid
};

/// Checks the credentials of a stream again under the current configuration.
using RightsCheck = std::function<Rights(Requester& requester)>;

/// The interval at which the rights of an open stream are checked.
inline constexpr std::chrono::seconds rights_check_interval{1};

}  // namespace ringside::gateway
