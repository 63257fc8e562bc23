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

/// How long a thread waits, and how: spinning first, then asleep.
struct Patience {
    std::chrono::milliseconds timeout{5000};
    std::chrono::microseconds spin{50};
    /// What one sleep grows to, before it is looked whether the broker is still there. Those who
    /// wait for a broker's answer look often, those who wait for other sessions need not.
    std::chrono::milliseconds slice_max{10};
};

/// Where a thread sleeps; see shm/wait/futex.hpp.
struct SleepPlace {
    const shm::HalfWord* word;
    /// Where it says so, and what; null: whoever changes the word always wakes.
    shm::HalfWord* sign = nullptr;
    shm::SleepsOn says = shm::SleepsOn::nothing;
};

/// Waits until `ready()`. Errors: timed_out, connection_lost, session_closed.
Result<void> wait_until_ready(Attachment& attachment, const SleepPlace& place,
                              const std::function<bool()>& ready, Deadline deadline,
                              const Patience& patience);

}  // namespace ringside::detail
