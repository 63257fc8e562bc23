#include "patience.hpp"

#include <algorithm>

#include "attachment.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::detail {

namespace {

/// Length of the first sleep.
constexpr std::chrono::milliseconds slice_first{10};

/// S1 to S3 of shm/wait/futex.hpp: sleeps once, at most until `until`.
void sleep_once(const SleepPlace& place, const std::function<bool()>& ready, Deadline until) {
    // Before `ready`: a word that changes after this load ends the sleep in S3.
    // SYNC lane-reply-tail: pairs with BrokerReplyLine::store.
    // SYNC lane-head: pairs with C3 of the broker.
    // SYNC declaration-outcome: pairs with Declaration::settle.
    const std::uint32_t seen = place.word->load(std::memory_order_acquire);
    if (place.sign != nullptr) {
        // SYNC reply-asleep: S1, pairs with W2 in Engine::finish_turn.
        place.sign->store(static_cast<std::uint32_t>(place.says), std::memory_order_seq_cst);
        // SYNC reply-asleep: the fence between S1 and S2.
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    if (!ready()) shm::futex_wait(*place.word, seen, until.time());
    if (place.sign != nullptr) {
        place.sign->store(static_cast<std::uint32_t>(shm::SleepsOn::nothing),
                          std::memory_order_relaxed);
    }
}

}  // namespace

Result<void> wait_until_ready(Attachment& attachment, const SleepPlace& place,
                              const std::function<bool()>& ready, Deadline deadline,
                              const Patience& patience) {
    for (shm::SpinWait spin(patience.spin);;) {
        if (ready()) return {};
        if (!spin.pause()) break;
    }
    for (auto slice = std::min(slice_first, patience.slice_max);;
         slice = std::min(2 * slice, patience.slice_max)) {
        sleep_once(place, ready, std::min(deadline, Deadline::after(slice)));
        if (ready()) return {};
        if (attachment.check_lost()) {
            if (ready()) return {};
            return attachment.loss();
        }
        if (deadline.has_passed()) {
            return Error(Errc::timed_out, attachment.is_orphan()
                                              ? "the broker ended, and no other has taken over yet"
                                              : "no answer from the broker");
        }
    }
}

}  // namespace ringside::detail
