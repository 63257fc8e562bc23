#pragma once

#include <array>
#include <memory>

#include "inbox.hpp"
#include "offered_call.hpp"

namespace ringside {

/// An Inbox for offers of calls. Each offer is taken by P1 of shm/lane/session_memory.hpp.
class Provider::Impl {
public:
    explicit Impl(std::unique_ptr<detail::Inbox> inbox) : inbox_(std::move(inbox)) {}

    Result<Call> poll();
    Result<Call> next(std::chrono::milliseconds timeout) {
        return inbox_->next([this] { return poll(); }, timeout);
    }
    [[nodiscard]] detail::Inbox& inbox() noexcept { return *inbox_; }

private:
    [[nodiscard]] std::shared_ptr<Call::Impl> take(const wire::Delivery& offer,
                                                   std::uint64_t pattern_id);
    [[nodiscard]] bool claim(const wire::Delivery& offer) const noexcept;
    template <class Chosen>
    void cancel(const Chosen& is_chosen);

    std::unique_ptr<detail::Inbox> inbox_;
    /// Last calls taken, by the index of their claim. No other call uses the index until its call
    /// has ended.
    std::array<std::weak_ptr<Call::Impl>, limits::calls_per_provider_max> taken_;
};

}  // namespace ringside
