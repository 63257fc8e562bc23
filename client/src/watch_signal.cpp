#include "watch_signal.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "client_impl.hpp"
#include "shm/wait/futex.hpp"

namespace ringside {

Result<std::unique_ptr<WatchSignal>> WatchSignal::make(
    std::shared_ptr<Client::Impl> client, std::shared_ptr<detail::Attachment> attachment,
    std::uint32_t subjects) {
    Descriptor event(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (event.get() < 0) {
        return Error(Errc::system_error, std::string("eventfd: ") + std::strerror(errno));
    }
    std::unique_ptr<WatchSignal> signal(new WatchSignal(std::move(event), subjects));
    signal->thread_ = std::thread([raw = signal.get(), client = std::move(client),
                                   attachment = std::move(attachment)]() mutable {
        raw->run(client, std::move(attachment));
    });
    return signal;
}

WatchSignal::~WatchSignal() {
    stop_.store(true);
    thread_.join();
}

void WatchSignal::signal() const noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable anyway.
    [[maybe_unused]] const ssize_t written = write(event_.get(), &one, sizeof one);
}

void WatchSignal::clear() const noexcept {
    std::uint64_t count = 0;
    // Fails only when there is nothing to clear.
    [[maybe_unused]] const ssize_t got = read(event_.get(), &count, sizeof count);
}

void WatchSignal::run(const std::shared_ptr<Client::Impl>& client,
                      std::shared_ptr<detail::Attachment> attachment) {
    // Bounds how long the end of the watch waits for this thread.
    constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(50);
    Revision seen = attachment->published();
    signal();
    while (!stop_.load()) {
        auto lane = client->lane();
        if (!lane || (*lane)->shared_attachment() != attachment) {
            signal();  // the watch finds out what has become of the grid
            if (!lane) {
                std::this_thread::sleep_for(slice);
                continue;
            }
            attachment = (*lane)->shared_attachment();
        }
        const std::uint32_t subjects = subjects_.load();
        shm::HalfWord& mask = (*lane)->channel().watch_mask();
        mask.store(subjects, std::memory_order_seq_cst);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (attachment->published() == seen) {
            shm::futex_wait_for(shm::low_half(attachment->segment().header().commit.published),
                                static_cast<std::uint32_t>(seen), slice, subjects);
        }
        mask.store(0, std::memory_order_relaxed);
        const Revision published = attachment->published();
        if (published != seen || attachment->check_lost()) signal();
        seen = published;
    }
}

}  // namespace ringside
