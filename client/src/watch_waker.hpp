#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "client_impl.hpp"
#include "fork.hpp"

namespace ringside {

/// The thread that signals the descriptors of all watches of a client: it sleeps on the grid's
/// futex for their subjects together, in one lane, and finds out from the change ring whose have
/// changed. Lives as long as one of the watches has a descriptor. Thread safety: all members.
class WatchWaker {
public:
    explicit WatchWaker(std::shared_ptr<Client::Impl> client) : client_(std::move(client)) {}
    ~WatchWaker();
    WatchWaker(const WatchWaker&) = delete;
    WatchWaker& operator=(const WatchWaker&) = delete;

    /// Once. Error: system_error (no thread is available).
    Result<void> start();
    /// Whether this process is a forked child of the one that has the thread.
    [[nodiscard]] bool is_of_parent() const noexcept {
        return fork_generation_ != detail::fork_generation();
    }

    struct Sleeper {
        int event;  ///< an eventfd
        std::uint32_t subjects;
        const detail::Attachment* session;  ///< that the watch reads from; not dereferenced
    };
    /// `watch` says whose it is; replaces what was set for it before.
    void set(const void* watch, Sleeper sleeper);
    void remove(const void* watch);

private:
    /// How far the thread has looked in a session's change ring.
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
