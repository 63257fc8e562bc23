#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "client_impl.hpp"
#include "fork.hpp"

namespace ringside {

/// The thread that signals the descriptors of all watches of a client. It sleeps on the grid's
/// futex for all their subjects, in one lane, and reads the change ring to find the watches to
/// signal. Lives as long as a watch has a descriptor. Thread safety: all members.
class WatchWaker {
public:
    explicit WatchWaker(std::shared_ptr<Client::Impl> client) : client_(std::move(client)) {}
    ~WatchWaker();
    WatchWaker(const WatchWaker&) = delete;
    WatchWaker& operator=(const WatchWaker&) = delete;

    /// Starts the thread; call once. Error: system_error (no thread is available).
    Result<void> start();
    /// Returns whether this process is a forked child of the process with the thread.
    [[nodiscard]] bool is_of_parent() const noexcept {
        return fork_generation_ != detail::fork_generation();
    }

    struct Sleeper {
        int event;  ///< an eventfd
        std::uint32_t subjects;
        const detail::Attachment* session;  ///< session that the watch reads from; not dereferenced
    };
    /// `watch` is the key; replaces its former entry.
    void set(const void* watch, Sleeper sleeper);
    void remove(const void* watch);

private:
    /// Position up to which the thread has read a session's change ring.
    struct Place {
        std::shared_ptr<detail::Attachment> session;
        Revision published = 0;
        Position position = 0;
    };

    void run(Place place);
    [[nodiscard]] static Place place_in(std::shared_ptr<detail::Attachment> session);
    void sleep(const Place& place);
    void signal_news(Place& place);
    void signal(std::uint32_t subjects);
    void signal_elsewhere(const detail::Attachment* session);
    [[nodiscard]] std::uint32_t all_subjects() const;

    const std::shared_ptr<Client::Impl> client_;
    const unsigned fork_generation_ = detail::fork_generation();
    std::atomic<bool> stop_ = false;
    mutable detail::ForkSafeMutex mutex_;
    std::unordered_map<const void*, Sleeper> sleepers_;
    std::thread thread_;
};

}  // namespace ringside
