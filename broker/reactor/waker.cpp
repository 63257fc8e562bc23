#include "broker/reactor/waker.hpp"

#include "shm/wait/futex.hpp"

namespace ringside::broker {

Waker::Waker(const shm::SegmentView& segment) : segment_(segment), thread_([this] { run(); }) {}

Waker::~Waker() {
    // SYNC thread-stop: pairs with run().
    stop_.store(true);
    wake(shm::any_bit);
    thread_.join();
}

void Waker::wake(std::uint32_t subjects) noexcept {
    // Only the first subject since the thread's last check must wake the thread.
    // SYNC waker-subjects: pairs with run(): `published` and `stop_` are visible with the subjects.
    if (subjects_.fetch_or(subjects) == 0) shm::futex_wake(subjects_, 1);
}

void Waker::run() {
    // SYNC thread-stop: pairs with the destructor.
    while (!stop_.load()) {
        // SYNC waker-subjects: pairs with wake().
        const std::uint32_t subjects = subjects_.exchange(0);
        if (subjects == 0) {
            shm::futex_wait(subjects_, 0, std::nullopt);
            continue;
        }
        shm::futex_wake_all(shm::low_half(segment_.header().commit.published), subjects);
    }
}

}  // namespace ringside::broker
