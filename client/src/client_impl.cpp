#include "client_impl.hpp"

#include <atomic>
#include <vector>

namespace ringside {

namespace {

std::uint64_t next_client_id() {
    static std::atomic<std::uint64_t> ids = 0;
    return ++ids;
}

/// The lanes that this thread has of the process's clients; given back when the thread ends.
class ThreadLanes {
public:
    ThreadLanes() = default;
    ThreadLanes(const ThreadLanes&) = delete;
    ThreadLanes& operator=(const ThreadLanes&) = delete;
    ~ThreadLanes() {
        for (Entry& entry : entries_) {
            if (entry.lane != nullptr) detail::ThreadLane::abandon(entry.lane);
        }
    }

    [[nodiscard]] detail::ThreadLane*& of(std::uint64_t client) {
        for (Entry& entry : entries_) {
            if (entry.client == client) return entry.lane;
        }
        drop_lost();
        return entries_.emplace_back(Entry{client, nullptr}).lane;
    }

private:
    struct Entry {
        std::uint64_t client;
        detail::ThreadLane* lane;
    };

    /// Lanes of clients that are gone hold their sessions: now is the time to let go.
    void drop_lost() {
        std::erase_if(entries_, [](Entry& entry) {
            if (entry.lane != nullptr && !entry.lane->attachment().is_lost()) return false;
            if (entry.lane != nullptr) detail::ThreadLane::abandon(entry.lane);
            return true;
        });
    }

    std::vector<Entry> entries_;
};

thread_local ThreadLanes thread_lanes;

/// The lane that this thread used last: nearly always the one that it needs next.
thread_local struct {
    std::uint64_t client = 0;
    detail::ThreadLane* lane = nullptr;
} last_lane;

}  // namespace

Client::Impl::Impl(ClientOptions options, std::shared_ptr<detail::Attachment> attachment)
    : options_(std::move(options)), id_(next_client_id()), attachment_(std::move(attachment)) {}

Result<detail::ThreadLane*> Client::Impl::lane() {
    if (last_lane.client == id_ && !last_lane.lane->attachment().is_lost()) return last_lane.lane;
    detail::ThreadLane*& place = thread_lanes.of(id_);
    if (place == nullptr || place->attachment().is_lost()) {
        if (auto made = new_lane(place); !made) return made;
    }
    last_lane = {id_, place};
    return place;
}

Result<detail::ThreadLane*> Client::Impl::new_lane(detail::ThreadLane*& place) {
    auto current = attachment();
    if (!current) return current.error();
    if (place != nullptr) {
        if (last_lane.lane == place) last_lane = {};
        detail::ThreadLane::abandon(std::exchange(place, nullptr));
    }
    auto channel = (*current)->take_lane();
    if (channel == nullptr) return Error(Errc::lane_limit);
    place = new detail::ThreadLane(std::move(*current), std::move(channel));
    return place;
}

Result<std::shared_ptr<detail::Attachment>> Client::Impl::attachment() {
    const std::lock_guard lock(mutex_);
    return living_attachment(options_.timeout);
}

Result<std::shared_ptr<detail::Attachment>> Client::Impl::attachment_at_once() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return Error(Errc::no_broker, "another thread is looking for it");
    return living_attachment(std::chrono::milliseconds(0));
}

/// REQUIRES: the mutex is held.
Result<std::shared_ptr<detail::Attachment>> Client::Impl::living_attachment(
    std::chrono::milliseconds timeout) {
    if (!attachment_->is_lost()) return attachment_;
    if (!options_.reconnect && !attachment_->is_of_parent()) return attachment_->loss();
    auto made = detail::Attachment::make(terms_of(options_), timeout);
    if (!made) return made.error();
    attachment_ = *made;
    return attachment_;
}

Result<void> Client::Impl::tell(const detail::Attachment& session,
                                const shm::RequestWriter::Message& message) {
    if (session.is_lost()) return {};
    auto mine = lane();
    if (!mine) return mine.error();
    if (&(*mine)->attachment() != &session) return {};
    detail::Channel& channel = (*mine)->channel();
    const std::uint64_t number = channel.next_number();
    auto sent = channel.send(number, channel.request.message(number, message), true, patience());
    channel.ring_doorbell();
    return sent;
}

}  // namespace ringside
