#pragma once

#include <memory>
#include <unordered_set>

#include "fork.hpp"
#include "thread_lane.hpp"

namespace ringside::detail {

/// Lanes of one client that the threads of the process hold. Shared by the client and those
/// threads: the first of them to end returns the lanes.
///
/// Only the thread itself creates and deletes its ThreadLane objects. A client that ends releases
/// their session (`ThreadLane::let_client_go`), so that an idle thread does not keep the session
/// open.
/// Thread safety: all members.
class ClientLanes {
public:
    void add(ThreadLane* lane) {
        const std::lock_guard lock(mutex_);
        lanes_.insert(lane);
    }
    /// Called for a lane that its thread is about to delete.
    void remove(ThreadLane* lane) {
        const std::lock_guard lock(mutex_);
        lanes_.erase(lane);
    }
    /// Called when the client has ended. No thread creates pins of the client after that.
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

/// Returns a reference to the calling thread's lane of client `id`; null at first. The reference is
/// valid until the next call.
[[nodiscard]] ThreadLane*& thread_lane_of(std::uint64_t id,
                                          const std::shared_ptr<ClientLanes>& lanes);

/// Lane that the calling thread used last, which is nearly always the next one. Trivially
/// destructible, so that it can be read as long as the thread runs.
struct LastLane {
    std::uint64_t client = 0;
    ThreadLane* lane = nullptr;
};
inline constinit thread_local LastLane last_lane{};

/// Removes a lane from the calling thread and sets the pointer to null.
void drop_thread_lane(ThreadLane*& lane, ClientLanes& lanes);

}  // namespace ringside::detail
