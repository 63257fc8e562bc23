#pragma once

#include <memory>

#include "ringside/client.hpp"
#include "shm/base/descriptor.hpp"
#include "watch_waker.hpp"

namespace ringside {

/// A descriptor for event loops that becomes readable after a publication: an eventfd that the
/// client's WatchWaker signals.
class WatchSignal {
public:
    /// Errors: system_error (no descriptor or no thread is available).
    static Result<std::unique_ptr<WatchSignal>> make(
        std::shared_ptr<Client::Impl> client, const std::shared_ptr<detail::Attachment>& session,
        std::uint32_t subjects);
    ~WatchSignal();
    WatchSignal(const WatchSignal&) = delete;
    WatchSignal& operator=(const WatchSignal&) = delete;

    [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

    /// Makes the descriptor unreadable until the next publication.
    void clear() const noexcept;

    /// Called when the watch has another session, whose grid may have other bits for the same
    /// names. In a forked child the descriptor keeps its number, and belongs to the child from here
    /// on. If no thread is available, the descriptor stays readable.
    void move_to(const std::shared_ptr<detail::Attachment>& session, std::uint32_t subjects);

private:
    WatchSignal(Descriptor event, std::shared_ptr<Client::Impl> client,
                std::shared_ptr<WatchWaker> waker) noexcept
        : event_(std::move(event)), client_(std::move(client)), waker_(std::move(waker)) {}

    Descriptor event_;
    std::shared_ptr<Client::Impl> client_;
    std::shared_ptr<WatchWaker> waker_;  ///< null if no thread was available
};

}  // namespace ringside
