#include "watch_waker.hpp"

#include <unistd.h>

#include <utility>

#include "shm/ring/change_ring.hpp"
#include "shm/wait/futex.hpp"
#include "start_thread.hpp"

namespace ringside {

namespace {

/// Limits how long the end of the last watch waits for the thread, and how long the loss of the
/// grid goes undetected.
constexpr std::chrono::milliseconds slice{50};

void signal_event(int event) noexcept {
    const std::uint64_t one = 1;
    // Fails only if the counter is full, and then the descriptor is readable anyway.
    [[maybe_unused]] const ssize_t written = write(event, &one, sizeof one);
}

/// Returns the subjects of the changes from `position` on that are visible at `published`, and
/// moves the position past them. Nothing is pinned: the result is valid only if the ring still
/// holds the changes afterwards.
std::uint32_t subjects_of_changes(const shm::SegmentView& segment, Revision published,
                                  Position& position) {
    constexpr std::uint64_t changes_max = 256;
    const shm::ChangeRingReader ring(segment);
    const Position head = ring.head();
    const Position begin = std::exchange(position, head);
    if (head - begin > changes_max) return shm::every_subject;
    std::uint32_t subjects = 0;
    for (Position at = begin; at < head; ++at) {
        const auto change = ring.read(at);
        if (!change) return shm::every_subject;
        if (change->revision > published) {  // being published, for the next time
            position = at;
            break;
        }
        if (!segment.holds(change->version, sizeof(shm::VersionBlock))) return shm::every_subject;
        const RecordView record = detail::view_of(segment, *segment.version_at(change->version));
        subjects |= shm::name_bit(change->name_hash) | shm::first_level_bit(record.name());
    }
    // SYNC ring-tail: the names are read before the tail; pairs with E3, which comes between W1 and
    // the reuse of the memory.
    std::atomic_thread_fence(std::memory_order_acquire);
    return ring.tail() > begin ? shm::every_subject : subjects;
}

}  // namespace

/// The position is taken before the first descriptor exists, so no later change is missed.
Result<void> WatchWaker::start() {
    Place place;
    if (auto session = client_->attachment_at_once()) place = place_in(std::move(*session));
    return detail::start_thread(
        thread_, [this, place = std::move(place)]() mutable { run(std::move(place)); });
}

WatchWaker::~WatchWaker() {
    // SYNC thread-stop: pairs with run().
    stop_.store(true);
    if (!thread_.joinable()) return;
    if (is_of_parent()) thread_.detach();  // it does not exist in this process
    else thread_.join();
}

void WatchWaker::set(const void* watch, Sleeper sleeper) {
    const std::lock_guard lock(mutex_);
    sleepers_.insert_or_assign(watch, sleeper);
}

void WatchWaker::remove(const void* watch) {
    const std::lock_guard lock(mutex_);
    sleepers_.erase(watch);
}

void WatchWaker::run(Place place) {
    // SYNC thread-stop: pairs with the destructor.
    while (!stop_.load()) {
        auto session = client_->attachment_at_once();
        if (!session) {
            signal(shm::every_subject);  // the watches check the state of the grid
            std::this_thread::sleep_for(slice);
            continue;
        }
        if (*session != place.session) {
            place = place_in(std::move(*session));
            signal(shm::every_subject);
        }
        signal_elsewhere(place.session.get());
        sleep(place);
        signal_news(place);
        place.session->check_lost();
    }
}

/// Returns the position after all published entries.
WatchWaker::Place WatchWaker::place_in(std::shared_ptr<detail::Attachment> session) {
    const shm::ChangeRingReader ring(session->segment());
    for (;;) {
        const Revision published = session->published();
        const auto position = ring.find(published + 1);
        if (position) return {std::move(session), published, *position};
    }
}

/// S1 to S3 of shm/wait/futex.hpp.
void WatchWaker::sleep(const Place& place) {
    const auto lane = client_->lane();
    if (!lane) {  // no lane to announce the sleep in: nobody wakes the thread
        constexpr std::chrono::milliseconds pause{10};
        std::this_thread::sleep_for(pause);
        return;
    }
    const std::uint32_t subjects = all_subjects();
    shm::HalfWord& mask = (*lane)->channel().watch_mask();
    // SYNC watch-asleep: S1, pairs with W2 in Engine::finish_turn.
    mask.store(subjects, std::memory_order_seq_cst);
    // SYNC watch-asleep: the fence between S1 and S2.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (place.session->published() == place.published) {
        shm::futex_wait_for(shm::low_half(place.session->segment().header().commit.published),
                            static_cast<std::uint32_t>(place.published), slice, subjects);
    }
    mask.store(0, std::memory_order_relaxed);
}

void WatchWaker::signal_news(Place& place) {
    const Revision published = place.session->published();
    if (std::exchange(place.published, published) == published) return;
    signal(subjects_of_changes(place.session->segment(), published, place.position));
}

void WatchWaker::signal(std::uint32_t subjects) {
    const std::lock_guard lock(mutex_);
    for (const auto& [watch, sleeper] : sleepers_) {
        if ((sleeper.subjects & subjects) != 0) signal_event(sleeper.event);
    }
}

/// Signals watches whose session has ended, until they have another one.
void WatchWaker::signal_elsewhere(const detail::Attachment* session) {
    const std::lock_guard lock(mutex_);
    for (const auto& [watch, sleeper] : sleepers_) {
        if (sleeper.session != session) signal_event(sleeper.event);
    }
}

std::uint32_t WatchWaker::all_subjects() const {
    const std::lock_guard lock(mutex_);
    std::uint32_t subjects = 0;
    for (const auto& [watch, sleeper] : sleepers_) subjects |= sleeper.subjects;
    return subjects == 0 ? shm::every_subject : subjects;
}

}  // namespace ringside
