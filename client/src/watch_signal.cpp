#include "watch_signal.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringside {

namespace {

Result<Descriptor> new_event() {
    Descriptor event(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (event.get() < 0) {
        return Error(Errc::system_error, std::string("eventfd: ") + std::strerror(errno));
    }
    return event;
}

}  // namespace

Result<std::unique_ptr<WatchSignal>> WatchSignal::make(
    std::shared_ptr<Client::Impl> client, const std::shared_ptr<detail::Attachment>& session,
    std::uint32_t subjects) {
    auto event = new_event();
    if (!event) return event.error();
    auto waker = client->waker();
    if (!waker) return waker.error();
    std::unique_ptr<WatchSignal> signal(
        new WatchSignal(std::move(*event), std::move(client), std::move(*waker)));
    signal->move_to(session, subjects);
    return signal;
}

WatchSignal::~WatchSignal() {
    if (waker_ != nullptr) waker_->remove(this);
}

void WatchSignal::move_to(const std::shared_ptr<detail::Attachment>& session,
                          std::uint32_t subjects) {
    if (waker_ != nullptr && waker_->is_of_parent()) {
        waker_->remove(this);
        // The parent waits for the same event, and a read here would remove it there.
        if (const auto event = new_event()) dup3(event->get(), event_.get(), O_CLOEXEC);
        auto waker = client_->waker();
        waker_ = waker ? std::move(*waker) : nullptr;
    }
    if (waker_ != nullptr) waker_->set(this, {event_.get(), subjects, session.get()});
}

void WatchSignal::clear() const noexcept {
    if (waker_ == nullptr) return;  // nobody would signal it again
    std::uint64_t count = 0;
    // Fails only if there is nothing to clear.
    [[maybe_unused]] const ssize_t got = read(event_.get(), &count, sizeof count);
}

}  // namespace ringside
