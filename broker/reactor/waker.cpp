#include "broker/reactor/waker.hpp"

#include "shm/wait/futex.hpp"

namespace ringside::broker {

Waker::Waker(const shm::SegmentView& segment) : segment_(segment), thread_([this] { run(); }) {}

Waker::~Waker() {
    stop_.store(true);
    wake(shm::any_bit);
    thread_.join();
}

void Waker::wake(std::uint32_t subjects) noexcept {
    // Only the first subject since the thread last looked has to wake it.
    if (subjects_.fetch_or(subjects) == 0) shm::futex_wake(subjects_, 1);
}

void Waker::run() {
    while (!stop_.load()) {
        const std::uint32_t subjects = subjects_.exchange(0);
        if (subjects == 0) {
            shm::futex_wait(subjects_, 0, std::nullopt);
            continue;
        }
        shm::futex_wake_all(shm::low_half(segment_.header().commit.published), subjects);
    }
}

}  // namespace ringside::broker
