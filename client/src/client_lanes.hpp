#pragma once

#include <memory>
#include <unordered_set>

#include "fork.hpp"
#include "thread_lane.hpp"

namespace ringside::detail {

/// The lanes that the threads of the process hold of one client. Shared by the client and by those
/// threads: whichever ends first gives the lanes back.
///
/// A thread alone creates and deletes its ThreadLane objects. A client that ends takes the session
/// out of them (`ThreadLane::let_client_go`), so that an idle thread does not keep it open.
/// Thread safety: all members.
class ClientLanes {
public:
    void add(ThreadLane* lane) {
        const std::lock_guard lock(mutex_);
        lanes_.insert(lane);
    }
    /// Of a lane that its thread is about to delete.
    void remove(ThreadLane* lane) {
        const std::lock_guard lock(mutex_);
        lanes_.erase(lane);
    }
    /// The client has ended. No thread creates pins of it from here on.
    void close();
    [[nodiscard]] bool is_closed() const {
        const std::lock_guard lock(mutex_);
        return is_closed_;
    }

private:
    mutable ForkSafeMutex mutex_;
    std::unordered_set<ThreadLane*> lanes_;
    bool is_closed_ = false;
};

/// The calling thread's lane of client `id`; null at first. The reference is valid until the next
/// call.
[[nodiscard]] ThreadLane*& thread_lane_of(std::uint64_t id,
                                          const std::shared_ptr<ClientLanes>& lanes);

/// The lane that the calling thread used last, nearly always the one that it needs next. Trivial to
/// destroy, so that it can be read as long as the thread runs.
struct LastLane {
    std::uint64_t client = 0;
    ThreadLane* lane = nullptr;
};
inline constinit thread_local LastLane last_lane{};

/// Takes a lane away from the calling thread and sets it to null.
void drop_thread_lane(ThreadLane*& lane, ClientLanes& lanes);

}  // namespace ringside::detail
