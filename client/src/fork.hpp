#pragma once

#include <atomic>
#include <mutex>

/// What a forked child of a process with clients can rely on.
///
/// A fork copies the calling thread only. Data that another thread was changing at that moment
/// would stay half changed in the child, and its mutex locked. So the mutexes of the library are
/// taken before a fork and released after it, in the parent and in the child.
namespace ringside::detail {

/// Counts the forks between the first process and this one.
[[nodiscard]] unsigned fork_generation() noexcept;

/// A mutex that no forked child finds locked, with consistent data behind it.
///
/// For short critical sections. A fork waits for a mutex that another thread holds for up to
/// ten seconds; a mutex that is still held then is unlocked in the child, where the data behind
/// it may be inconsistent.
/// Thread safety: as std::mutex.
class ForkSafeMutex {
public:
    /// `in_child`: called with `object` in each forked child, before the fork returns there. It may
    /// use system calls, and no lock.
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
