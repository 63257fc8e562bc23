#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "client_impl.hpp"
#include "declared.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::detail {

/// A lane of its own, at which the broker brings what a pattern was declared for: calls, or
/// interest in subjects. When the Client gets another session, it is declared there again.
/// Thread safety: one thread at a time.
class Inbox {
public:
    /// Returns when the broker knows of it.
    /// Errors: bad_pattern, permission_denied, lane_limit, timed_out, those of Client::attach.
    static Result<std::unique_ptr<Inbox>> open(std::shared_ptr<Client::Impl> client,
                                               shm::DeclarationKind kind, std::string_view pattern);
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// The next delivery, taken out of the ring alone: those behind it are still there for others
    /// if this process dies. Valid until the next call.
    /// Errors: would_block; no_such_grid, no_broker (none yet; to be called again); and for good,
    /// connection_lost and those of `open`.
    Result<const wire::Delivery*> take();

    /// Whether it is no reason to give up: nothing is there, or no grid just now.
    [[nodiscard]] static bool may_pass(Errc error) noexcept {
        return error == Errc::would_block || error == Errc::timed_out ||
               error == Errc::no_such_grid || error == Errc::no_broker;
    }

    /// Calls `poll`, which gives would_block where nothing is there, until it gives something.
    /// Errors: timed_out, or why there is no grid; others as `poll`. `stop`: ends the waiting.
    template <class Poll>
    auto next(const Poll& poll, std::chrono::milliseconds timeout, const std::atomic<bool>* stop)
        -> decltype(poll()) {
        const auto deadline = Clock::now() + timeout;
        for (;;) {
            auto got = poll();
            if (got || !may_pass(got.error().code)) return got;
            if (Clock::now() >= deadline || (stop != nullptr && stop->load())) {
                if (got.error().code == Errc::would_block) return Error(Errc::timed_out);
                return got;
            }
            wait(deadline, stop);
        }
    }

    /// Of the session that it is declared in now; changes only in `take`.
    [[nodiscard]] const std::shared_ptr<Attachment>& attachment() const noexcept {
        return attachment_;
    }
    [[nodiscard]] const std::shared_ptr<Client::Impl>& client() const noexcept { return client_; }
    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    [[nodiscard]] shm::Claims& claims() const noexcept {
        return attachment_->memory().claims(channel_->index());
    }

private:
    Inbox(std::shared_ptr<Client::Impl> client, shm::DeclarationKind kind, Pattern pattern)
        : client_(std::move(client)), kind_(kind), pattern_(std::move(pattern)) {}
    Result<void> declare(std::shared_ptr<Attachment> attachment);
    void give_back() noexcept;
    void wait(Clock::time_point deadline, const std::atomic<bool>* stop);

    std::shared_ptr<Client::Impl> client_;
    const shm::DeclarationKind kind_;
    const Pattern pattern_;
    std::shared_ptr<Attachment> attachment_;
    std::unique_ptr<Channel> channel_;
    std::optional<Declared> declared_;
    bool is_settled_ = false;  ///< the broker has agreed to it
};

}  // namespace ringside::detail
