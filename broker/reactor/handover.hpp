#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <deque>
#include <memory>

#include "broker/engine/engine.hpp"

namespace ringside::broker {

/// What the reactor tells the engine.
struct SessionOrder {
    std::unique_ptr<Session> open;  ///< a session to be served; null: one to be let go
    SessionId close = 0;
    bool is_resumed = false;  ///< `open` is of a former broker
};

/// A session that the engine serves now, and the connection that asked for it.
struct OpenedSession {
    SessionId session = 0;
    ConnectionId connection = 0;
};

/// One direction of a hand-over between two threads. What the bounded queue does not take is kept
/// by the producer, in order, until `flush` finds room: nothing is lost, and the producer never
/// waits.
template <class T>
class HandoverQueue {
public:
    explicit HandoverQueue(std::size_t capacity) : queue_(capacity) {}
    HandoverQueue(const HandoverQueue&) = delete;
    HandoverQueue& operator=(const HandoverQueue&) = delete;

    // The producer's.
    void push(T item) {
        if (backlog_.empty() && queue_.push(item)) return;
        backlog_.push_back(std::move(item));
    }
    void flush() {
        while (!backlog_.empty() && queue_.push(backlog_.front())) backlog_.pop_front();
    }
    [[nodiscard]] bool has_backlog() const noexcept { return !backlog_.empty(); }

    // The consumer's.
    [[nodiscard]] bool pop(T& item) { return queue_.pop(item); }

private:
    boost::lockfree::spsc_queue<T> queue_;
    std::deque<T> backlog_;  ///< the producer's
};

/// From the reactor's thread to the engine's and back.
///
/// A client is told of its session only after the engine has it: from then on the engine sees the
/// pins in its memory.
///
/// Invariants:
///  1. The reactor opens and resumes sessions only while there is room for one order more than
///     there are connections with a session (`has_room_for_session`): an order to let a session go
///     always finds room.
///  2. Every answer names the connection whose order it answers. A client may have another
///     connection for the same session by the time the answer comes.
struct Handover {
    static constexpr std::size_t capacity = 2 * limits::sessions_max + 2;
    boost::lockfree::spsc_queue<SessionOrder*> orders{capacity};
    HandoverQueue<OpenedSession> opened{capacity};
    HandoverQueue<EndedSession*> ended{capacity};
    HandoverQueue<std::uint32_t> freed_indices{capacity};  ///< of absent sessions

    /// For the reactor: whether one more session may be opened or resumed.
    [[nodiscard]] bool has_room_for_session(std::size_t connections) const {
        return orders.write_available() >= connections + 2;
    }
    /// For the engine: hands over what had found no room.
    void flush_answers() {
        opened.flush();
        ended.flush();
        freed_indices.flush();
    }
    [[nodiscard]] bool has_backlog() const noexcept {
        return opened.has_backlog() || ended.has_backlog() || freed_indices.has_backlog();
    }
};

}  // namespace ringside::broker
