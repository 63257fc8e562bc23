#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <deque>
#include <memory>

#include "broker/engine/engine.hpp"

namespace ringside::broker {

/// A command from the reactor to the engine.
struct SessionOrder {
    std::unique_ptr<Session> open;  ///< session to serve; null: close a session
    SessionId close = 0;
    bool is_resumed = false;  ///< `open` was created by a former broker
};

/// A session that the engine now serves, and the connection that requested it.
struct OpenedSession {
    SessionId session = 0;
    ConnectionId connection = 0;
};

/// One direction of a hand-over between two threads. Items that do not fit into the bounded queue
/// stay with the producer, in order, until `flush` finds room. No item is lost, and the producer
/// never waits.
template <class T>
class HandoverQueue {
public:
    explicit HandoverQueue(std::size_t capacity) : queue_(capacity) {}
    HandoverQueue(const HandoverQueue&) = delete;
    HandoverQueue& operator=(const HandoverQueue&) = delete;

    // Producer side.
    void push(T item) {
        if (backlog_.empty() && queue_.push(item)) return;
        backlog_.push_back(std::move(item));
    }
    void flush() {
        while (!backlog_.empty() && queue_.push(backlog_.front())) backlog_.pop_front();
    }
    [[nodiscard]] bool has_backlog() const noexcept { return !backlog_.empty(); }

    // Consumer side.
    [[nodiscard]] bool pop(T& item) { return queue_.pop(item); }

private:
    boost::lockfree::spsc_queue<T> queue_;
    std::deque<T> backlog_;  ///< producer side
};

/// The queues between the reactor thread and the engine thread.
///
/// A client learns about its session only after the engine has accepted it. From then on, the
/// engine sees the pins in the session's memory.
///
/// Invariants:
///  1. The reactor opens and resumes sessions only while the queue has room for one order more than
///     there are connections with a session (`has_room_for_session`). An order to close a session
///     therefore always fits.
///  2. Every answer names the connection whose order it answers. The client may have another
///     connection for the same session by the time the answer arrives.
struct Handover {
    static constexpr std::size_t capacity = 2 * limits::sessions_max + 2;
    boost::lockfree::spsc_queue<SessionOrder*> orders{capacity};
    HandoverQueue<OpenedSession> opened{capacity};
    HandoverQueue<EndedSession*> ended{capacity};
    HandoverQueue<std::uint32_t> freed_indices{capacity};  ///< of absent sessions

    /// For the reactor: returns whether one more session can be opened or resumed.
    [[nodiscard]] bool has_room_for_session(std::size_t connections) const {
        return orders.write_available() >= connections + 2;
    }
    /// For the engine: retries answers for which there was no room.
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
