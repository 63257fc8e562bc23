#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "attachment.hpp"
#include "ringside/client.hpp"

namespace ringside {

/// A descriptor that becomes readable when something is published, for event loops: an eventfd, and
/// a thread that sleeps on the grid's futex and signals it.
class WatchSignal {
public:
    /// Errors: system_error, lane_limit.
    static Result<std::unique_ptr<WatchSignal>> make(std::shared_ptr<Client::Impl> client,
                                                     std::shared_ptr<detail::Attachment> attachment,
                                                     std::uint32_t subjects);
    ~WatchSignal();
    WatchSignal(const WatchSignal&) = delete;
    WatchSignal& operator=(const WatchSignal&) = delete;

    [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

    /// Not readable until the next publication.
    void clear() const noexcept;

    /// For those of another grid, whose bits differ.
    void set_subjects(std::uint32_t subjects) noexcept { subjects_.store(subjects); }

private:
    WatchSignal(Descriptor event, std::uint32_t subjects) noexcept
        : event_(std::move(event)), subjects_(subjects) {}
    void run(const std::shared_ptr<Client::Impl>& client,
             std::shared_ptr<detail::Attachment> attachment);
    void signal() const noexcept;

    Descriptor event_;
    std::atomic<std::uint32_t> subjects_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace ringside
