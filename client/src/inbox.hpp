#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client_impl.hpp"
#include "declared.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::detail {

/// A separate lane for the deliveries to a set of patterns: calls, or interest in subjects. When
/// the Client gets another session, all patterns are declared there again.
///
/// Thread safety: `take`, `next`, `attachment` and `claims` are for one thread at a time, the
/// poller. Only the poller changes session and lane, under the mutex, so it reads them without. All
/// other members may be called from any thread. Only `settle` and `tell` wait for the broker.
class Inbox {
public:
    /// Opens an inbox without patterns. Errors: lane_limit, those of Client::attach.
    static Result<std::unique_ptr<Inbox>> open(std::shared_ptr<Client::Impl> client,
                                               shm::DeclarationKind kind,
                                               OnRegistered on_registered);
    /// Opens an inbox with one pattern, and waits until the broker has accepted it.
    /// Further errors: those of `add` and `settle`.
    static Result<std::unique_ptr<Inbox>> open(std::shared_ptr<Client::Impl> client,
                                               shm::DeclarationKind kind, std::string_view pattern);
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// Adds a pattern and returns its id. Errors: bad_pattern, lane_limit.
    Result<std::uint64_t> add(std::string_view pattern);
    void remove(std::uint64_t id);
    /// Waits for the broker's decision on a pattern. Errors: bad_pattern, reserved_name,
    /// permission_denied, bad_request (no such id), lane_limit, timed_out, connection_lost.
    Result<void> settle(std::uint64_t id, std::chrono::milliseconds timeout) const;
    [[nodiscard]] bool has(std::uint64_t id) const;

    struct Arrival {
        const wire::Delivery* delivery = nullptr;
        std::uint64_t pattern_id = 0;  ///< target pattern; 0 = none, or a removed pattern
    };
    /// Takes the next delivery from the ring, and only that one: later deliveries remain for other
    /// providers or listeners if this process dies. Valid until the next call. Reports decisions on
    /// patterns.
    /// Errors: would_block; no_such_grid, no_broker (temporary: call again). Permanent errors:
    /// connection_lost, lane_limit. Without an OnRegistered also the error of a refused pattern.
    Result<Arrival> take();

    /// Returns whether the error is temporary: nothing is available, or there is no grid now.
    [[nodiscard]] static bool may_pass(Errc error) noexcept {
        return error == Errc::would_block || error == Errc::timed_out ||
               error == Errc::no_such_grid || error == Errc::no_broker;
    }

    /// Calls `poll` until it returns a result other than would_block.
    /// Errors: timed_out, or the reason why there is no grid; would_block if interrupted; others as
    /// `poll`.
    template <class Poll>
    auto next(const Poll& poll, std::chrono::milliseconds timeout) -> decltype(poll()) {
        const auto deadline = Deadline::after(timeout);
        for (;;) {
            auto got = poll();
            if (got || !may_pass(got.error().code)) return got;
            // SYNC interrupted: pairs with interrupt().
            if (is_interrupted_.exchange(false)) {
                return Error(Errc::would_block, "interrupted");
            }
            if (deadline.has_passed()) {
                if (got.error().code == Errc::would_block) return Error(Errc::timed_out);
                return got;
            }
            wait(deadline);
        }
    }
    void interrupt() noexcept;

    /// Sends a message without a reply to the current session; see Client::Impl::tell.
    Result<void> tell(const shm::RequestWriter::Message& message) const;

    /// Session in which the patterns are declared; changes only in `take`.
    [[nodiscard]] const std::shared_ptr<Attachment>& attachment() const noexcept {
        return attachment_;
    }
    [[nodiscard]] const std::shared_ptr<Client::Impl>& client() const noexcept { return client_; }
    [[nodiscard]] shm::Claims& claims() const noexcept {
        return attachment_->memory().claims(channel_->index());
    }

private:
    struct Entry {
        Pattern pattern;
        std::optional<Declared> declared{};  ///< none if the session had no free declaration
        /// Decision of the broker as far as it was read; none while undecided.
        std::optional<Error> outcome{};

        [[nodiscard]] std::optional<Errc> said() const noexcept;
    };
    using Outcomes = std::vector<std::pair<std::uint64_t, Error>>;

    Inbox(std::shared_ptr<Client::Impl> client, shm::DeclarationKind kind,
          OnRegistered on_registered)
        : client_(std::move(client)), kind_(kind), on_settled_(std::move(on_registered)) {}
    Result<void> keep_session();
    Result<void> move_to(std::shared_ptr<Attachment> attachment);
    Result<void> declare(std::uint64_t id, Entry& entry);
    void give_back() noexcept;
    [[nodiscard]] std::uint64_t id_of(std::uint64_t declaration) const;
    [[nodiscard]] bool has_outcomes() const;
    [[nodiscard]] Outcomes take_outcomes();
    void tell_outcomes();
    [[nodiscard]] std::optional<Error> refusal() const;
    void wait(Deadline deadline);

    std::shared_ptr<Client::Impl> client_;
    const shm::DeclarationKind kind_;
    const OnRegistered on_settled_;  ///< empty if there is no handler
    std::deque<std::pair<std::uint64_t, Error>>
        undelivered_;  ///< outcomes not yet passed to `on_settled_`
    std::atomic<bool> is_interrupted_ = false;
    std::atomic<std::size_t> unsettled_ = 0;  ///< entries without an outcome

    mutable ForkSafeMutex mutex_;  ///< locked before those of the attachment
    std::shared_ptr<Attachment> attachment_;
    std::unique_ptr<Channel> channel_;
    std::map<std::uint64_t, Entry> entries_;
    std::unordered_map<std::uint64_t, std::uint64_t> ids_;  ///< keys: numbers of declarations
    std::uint64_t last_id_ = 0;
};

}  // namespace ringside::detail
