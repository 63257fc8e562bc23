#include "fork.hpp"

#include <pthread.h>

#include <chrono>
#include <new>
#include <thread>

namespace ringside::detail {

namespace {

constexpr std::chrono::seconds fork_patience{10};

constinit std::atomic<unsigned> generation = 0;

}  // namespace

unsigned fork_generation() noexcept { return generation.load(std::memory_order_relaxed); }

/// Registry of all mutexes of the process, and their treatment in a fork. The state is trivially
/// destructible, because static objects may use clients in their destructors.
///
/// While one mutex is held, the handlers never block on another. Threads lock the mutexes in any
/// order, and create and destroy them while they hold others.
class ForkHandlers {
public:
    static void add(ForkSafeMutex& mutex) {
        static const int registered = pthread_atfork(prepare, in_parent, in_child);
        static_cast<void>(registered);
        const std::lock_guard lock(registry);
        mutex.next_ = first;
        if (first != nullptr) first->previous_ = &mutex;
        first = &mutex;
    }
    static void remove(ForkSafeMutex& mutex) {
        const std::lock_guard lock(registry);
        if (mutex.next_ != nullptr) mutex.next_->previous_ = mutex.previous_;
        (mutex.previous_ != nullptr ? mutex.previous_->next_ : first) = mutex.next_;
    }

private:
    static void prepare() {
        const auto deadline = std::chrono::steady_clock::now() + fork_patience;
        for (;;) {
            registry.lock();
            const bool holds_all = take_all();
            // With the registry locked: no mutex is created or destroyed until the fork is done.
            if (holds_all || std::chrono::steady_clock::now() >= deadline) return;
            release_all();
            registry.unlock();
            std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
    }
    static void in_parent() {
        release_all();
        registry.unlock();
    }
    static void in_child() {
        generation.fetch_add(1, std::memory_order_relaxed);
        for (ForkSafeMutex* mutex = first; mutex != nullptr; mutex = mutex->next_) {
            // The owner does not exist in this process.
            if (!mutex->is_held_for_fork_) new (&mutex->mutex_) std::mutex;
            if (mutex->in_child_ != nullptr) mutex->in_child_(mutex->object_);
        }
        release_all();
        registry.unlock();
    }

    static bool take_all() {
        bool holds_all = true;
        for (ForkSafeMutex* mutex = first; mutex != nullptr; mutex = mutex->next_) {
            mutex->is_held_for_fork_ = mutex->mutex_.try_lock();
            holds_all &= mutex->is_held_for_fork_;
        }
        return holds_all;
    }
    static void release_all() {
        for (ForkSafeMutex* mutex = first; mutex != nullptr; mutex = mutex->next_) {
            if (mutex->is_held_for_fork_) mutex->mutex_.unlock();
            mutex->is_held_for_fork_ = false;
        }
    }

    static inline constinit std::mutex registry;
    static inline constinit ForkSafeMutex* first = nullptr;
};

ForkSafeMutex::ForkSafeMutex(InChild in_child, void* object)
    : in_child_(in_child), object_(object) {
    ForkHandlers::add(*this);
}
ForkSafeMutex::~ForkSafeMutex() { ForkHandlers::remove(*this); }

}  // namespace ringside::detail
