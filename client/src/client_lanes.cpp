#include "client_lanes.hpp"

#include <vector>

#include "thread_owned.hpp"

namespace ringside::detail {

void ClientLanes::close() {
    // Declared before the lock: sessions end after its release, which may wait for the broker.
    std::vector<std::shared_ptr<Attachment>> sessions;
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    sessions.reserve(lanes_.size());
    for (ThreadLane* lane : lanes_) sessions.push_back(lane->let_client_go());
    lanes_.clear();
}

namespace {

/// Lanes of one thread, by client.
class ThreadLanes {
public:
    ThreadLanes() = default;
    ThreadLanes(const ThreadLanes&) = delete;
    ThreadLanes& operator=(const ThreadLanes&) = delete;
    ~ThreadLanes() {
        for (Entry& entry : entries_) drop(entry);
    }

    [[nodiscard]] ThreadLane*& of(std::uint64_t client, const std::shared_ptr<ClientLanes>& lanes) {
        for (Entry& entry : entries_) {
            if (entry.client == client) return entry.lane;
        }
        std::erase_if(entries_, [](Entry& entry) {
            if (!entry.lanes->is_closed()) return false;
            drop(entry);
            return true;
        });
        return entries_.emplace_back(Entry{client, lanes, nullptr}).lane;
    }

private:
    struct Entry {
        std::uint64_t client;
        std::shared_ptr<ClientLanes> lanes;
        ThreadLane* lane;
    };
    static void drop(Entry& entry) { drop_thread_lane(entry.lane, *entry.lanes); }

    std::vector<Entry> entries_;
};

}  // namespace

ThreadLane*& thread_lane_of(std::uint64_t id, const std::shared_ptr<ClientLanes>& lanes) {
    return ThreadOwned<ThreadLanes>::get().of(id, lanes);
}

void drop_thread_lane(ThreadLane*& lane, ClientLanes& lanes) {
    if (lane == nullptr) return;
    if (last_lane.lane == lane) last_lane = {};
    lanes.remove(lane);
    ThreadLane::abandon(std::exchange(lane, nullptr));
}

}  // namespace ringside::detail
