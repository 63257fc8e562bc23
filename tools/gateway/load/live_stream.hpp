#pragma once

#include <chrono>
#include <functional>

#include "tools/gateway/grid/requester.hpp"

namespace ringside::gateway {

/// What a stream is open for: a WebSocket or a stream of events. The server checks it four times a
/// second, for what nothing else would notice.
class LiveStream {
public:
    virtual ~LiveStream() = default;
    virtual void check(std::chrono::steady_clock::time_point now) = 0;

protected:
    LiveStream() = default;
    LiveStream(const LiveStream&) = delete;
    LiveStream& operator=(const LiveStream&) = delete;
};

/// What has become of the rights of a user whose stream is open.
enum class Rights : std::uint8_t {
    unchanged,
    changed,  ///< the requester has the new ones
    ended     ///< the credentials are not good any longer
};

/// Looks at the credentials of a stream again, by the configuration of this moment.
using RightsCheck = std::function<Rights(Requester& requester)>;

/// How often the rights of an open stream are checked.
inline constexpr std::chrono::seconds rights_check_interval{1};

}  // namespace ringside::gateway
