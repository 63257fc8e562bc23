#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <memory>

#include "broker/engine/engine.hpp"

namespace ringside::broker {

/// What the reactor tells the engine.
struct SessionOrder {
    std::unique_ptr<Session> open;  ///< a session to be served; null: one to be let go
    SessionId close = 0;
    bool is_resumed = false;  ///< `open` is of a former broker
};

/// From the reactor's thread to the engine's and back. Twice as many orders as sessions fit: each
/// has at most one of a kind under way.
///
/// A client is told of its session only after the engine has it: from then on the engine sees the
/// pins in its memory.
struct Handover {
    static constexpr std::size_t capacity = 2 * limits::sessions_max + 2;
    boost::lockfree::spsc_queue<SessionOrder*> orders{capacity};
    boost::lockfree::spsc_queue<SessionId> opened{capacity};
    boost::lockfree::spsc_queue<EndedSession*> ended{capacity};
    boost::lockfree::spsc_queue<std::uint32_t> freed_indices{capacity};  ///< of absent sessions
};

}  // namespace ringside::broker
