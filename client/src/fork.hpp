#pragma once

#include <atomic>
#include <mutex>

/// Guarantees for a forked child of a process with clients.
///
/// A fork copies only the calling thread. Data that another thread was changing at that moment
/// would remain half changed in the child, with its mutex locked. So the library locks its mutexes
/// before a fork and unlocks them after it, in parent and child.
namespace ringside::detail {

/// Number of forks between the first process and this one.
[[nodiscard]] unsigned fork_generation() noexcept;

/// A mutex that is never locked in a forked child, with consistent data behind it.
///
/// For short critical sections. A fork waits up to ten seconds for a mutex that another thread
/// holds. A mutex that is still held then is unlocked in the child, where its data may be
/// inconsistent.
/// Thread safety: as std::mutex.
class ForkSafeMutex {
public:
    /// `in_child`: called with `object` in each forked child, before the fork returns there. It may
    /// use system calls, but must not lock a mutex.
    using InChild = void (*)(void* object) noexcept;
    explicit ForkSafeMutex(InChild in_child = nullptr, void* object = nullptr);
    ~ForkSafeMutex();
    ForkSafeMutex(const ForkSafeMutex&) = delete;
    ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;

    void lock() { mutex_.lock(); }
    [[nodiscard]] bool try_lock() { return mutex_.try_lock(); }
    void unlock() { mutex_.unlock(); }

private:
    friend class ForkHandlers;

    std::mutex mutex_;
    const InChild in_child_;
    void* const object_;
    ForkSafeMutex* next_ = nullptr;
    ForkSafeMutex* previous_ = nullptr;
    bool is_held_for_fork_ = false;
};

}  // namespace ringside::detail
