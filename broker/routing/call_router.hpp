#pragma once

#include <deque>

#include "broker/engine/command.hpp"
#include "broker/routing/call_table.hpp"
#include "broker/routing/delivery_writer.hpp"
#include "broker/routing/due_queue.hpp"
#include "broker/routing/messaging_options.hpp"

namespace ringside::broker {

/// Routes calls to providers and answers to callers.
///
/// A call is in one of these states:
///   waiting   no provider has room for it, or a provider might return after a take-over; the
///             router retries the call when that may have changed
///   offered   to one provider that, as far as is known, has not taken it (see shm::Claims)
///   taken     by that provider
/// It ends with the first of: an answer or failure from its provider, its deadline, no provider
/// left, death of the provider that had taken it, cancellation. The router then drops its id, so
/// that at most one outcome reaches the caller.
///
/// Invariants: a call that is not idempotent is offered again only if its claim could be withdrawn.
/// Every offered or waiting call has an entry in `due_` at its `due_ns`.
/// Thread safety: the engine thread only.
class CallRouter {
public:
    CallRouter(DeliveryWriter& deliveries, MessagingOptions options)
        : deliveries_(&deliveries), options_(options) {}

    /// Starts after a former broker. Answers to that broker's calls match no call.
    void begin(std::uint64_t now_ns) noexcept { calls_.begin(now_ns); }

    /// Routes a call of a lane. An error is the reply; otherwise the outcome follows later.
    Result<void> call(Session& caller, std::uint32_t lane, std::uint64_t number,
                      const Message& message, std::uint64_t now_ns);
    /// Handles a provider's response to a call.
    void answer(const Session& provider, const Message& message);
    void reject(const Session& provider, std::uint64_t id, std::uint64_t now_ns);
    /// The provider cannot answer, and may have carried the call out: the call ends with
    /// provider_lost. An idempotent call goes to the next provider.
    void abandon(const Session& provider, std::uint64_t id, std::uint64_t now_ns);
    /// Cancels the call of the caller's request `number`.
    void cancel(const Session& caller, std::uint32_t lane, std::uint64_t number);

    void provide(Session& session, const Declarations::Change& declared, Pattern pattern) {
        providers_.add(session, declared, std::move(pattern));
    }
    /// Removes a provider. Calls that it has not taken go to other providers.
    void withdraw(const Session& session, std::uint32_t place, std::uint64_t now_ns);
    /// Ends a session: cancels its own calls. Calls that it had taken are lost unless idempotent.
    void end(Session& session, std::uint64_t now_ns);

    /// Registers a provider of a former broker that might return. Calls wait for it.
    void expect(SessionId session, Pattern pattern) {
        expected_.emplace_back(session, std::move(pattern));
    }
    /// The provider has returned and declared what it provides, or will not return.
    void stop_expecting(SessionId session) {
        std::erase_if(expected_, [session](const auto& one) { return one.first == session; });
    }

    /// Processes calls that are due, and retries waiting calls.
    void turn(std::uint64_t now_ns);

    [[nodiscard]] const ProviderRegistry& providers() const noexcept { return providers_; }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept { return due_.next_ns(); }
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
    [[nodiscard]] std::size_t under_way() const noexcept { return calls_.size(); }
    [[nodiscard]] std::uint64_t calls_total() const noexcept { return calls_total_; }
    [[nodiscard]] std::uint64_t calls_refused() const noexcept { return calls_refused_; }
    [[nodiscard]] std::uint64_t answers_late() const noexcept { return answers_late_; }
    /// Number of deadlines that the router remembers, including those of calls that have ended.
    [[nodiscard]] std::size_t deadlines() const noexcept { return due_.size(); }

private:
    /// Maximum number of waiting calls retried in one turn.
    static constexpr std::size_t tries_per_turn = 64;

    enum class Offered { yes, all_full, nobody };
    [[nodiscard]] Offered offer(RoutedCall& call, std::uint64_t now_ns);
    [[nodiscard]] Provider* choose(const RoutedCall& call, bool& is_anybody_there);
    [[nodiscard]] bool is_expected(std::string_view name) const;
    void wait(RoutedCall& call);
    void pass_by(RoutedCall& call, std::uint64_t now_ns);
    /// Offers the call to a remaining provider, or fails it.
    void pass_on(RoutedCall& call, std::uint64_t now_ns);
    /// Withdraws the call from its provider. Returns false if the provider has taken it.
    [[nodiscard]] bool take_back(RoutedCall& call);
    void let_go(RoutedCall& call);
    void tell_cancelled(const RoutedCall& call);
    void look_at(RoutedCall& call, std::uint64_t now_ns);
    void set_due(RoutedCall& call, std::uint64_t due_ns);
    void fail(RoutedCall& call, const Error& error);
    void forget(RoutedCall& call);
    void lose(Provider& provider, bool is_dead, std::uint64_t now_ns);
    void forget_idle(Provider& provider);
    [[nodiscard]] RoutedCall* taken_by(const Session& provider, std::uint64_t id);

    DeliveryWriter* deliveries_;
    MessagingOptions options_;
    ProviderRegistry providers_;
    CallTable calls_;
    DueQueue due_;
    std::deque<std::uint64_t> waiting_;  ///< ids
    std::vector<std::pair<SessionId, Pattern>> expected_;
    std::uint64_t asked_ = 0;
    std::uint64_t calls_total_ = 0;
    std::uint64_t calls_refused_ = 0;
    std::uint64_t answers_late_ = 0;
};

}  // namespace ringside::broker
