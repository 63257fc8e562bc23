#pragma once

#include <chrono>
#include <functional>

#include "shm/base/errc.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/wait/deadline.hpp"
#include "shm/wait/futex.hpp"

namespace ringside::detail {

class Attachment;
using shm::Clock;
using shm::Deadline;

/// Strategy and limit of a wait: spins first, then sleeps.
struct Patience {
    std::chrono::milliseconds timeout{5000};
    std::chrono::microseconds spin{50};
    /// Maximum length of one sleep before the broker is checked. Waits for a broker's answer check
    /// often, waits for other sessions need not.
    std::chrono::milliseconds slice_max{10};
};

/// Futex word of a sleeping thread; see shm/wait/futex.hpp.
struct SleepPlace {
    const shm::HalfWord* word;
    /// Word in which the thread announces its sleep, and the value; null if the waker always wakes.
    shm::HalfWord* sign = nullptr;
    shm::SleepsOn says = shm::SleepsOn::nothing;
};

/// Waits until `ready()` is true. Errors: timed_out, connection_lost, session_closed.
Result<void> wait_until_ready(Attachment& attachment, const SleepPlace& place,
                              const std::function<bool()>& ready, Deadline deadline,
                              const Patience& patience);

}  // namespace ringside::detail
