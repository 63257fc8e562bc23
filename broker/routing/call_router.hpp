#pragma once

#include <deque>

#include "broker/engine/command.hpp"
#include "broker/routing/call_table.hpp"
#include "broker/routing/due_queue.hpp"
#include "broker/routing/messaging_options.hpp"
#include "broker/routing/post.hpp"

namespace ringside::broker {

/// Brings calls to providers and answers to callers.
///
/// A call is
///   waiting   no provider has room for it, or one may come back after a take-over; it is tried
///             again when that may have changed
///   offered   to one provider, which has not taken it yet as far as is known (see shm::Claims)
///   taken     by that provider
/// It ends with the first of: an answer or failure of its provider; its deadline; nobody left to
/// ask; the death of the provider that had taken it; cancellation. Then its id is forgotten, so
/// that at most one outcome reaches the caller.
///
/// Invariants: a call that is not idempotent is offered again only when the claim could be taken
/// back. Every call that is offered or waits has an entry in `due_` at its `due_ns`.
/// Thread safety: the engine thread only.
class CallRouter {
public:
    CallRouter(Post& post, MessagingOptions options) : post_(&post), options_(options) {}

    /// After a broker before. Answers to its calls find nothing.
    void begin(std::uint64_t now_ns) noexcept { calls_.begin(now_ns); }

    /// A call of a lane. The error is to be replied; otherwise the outcome comes later.
    Result<void> call(Session& caller, std::uint32_t lane, std::uint64_t number,
                      const Message& message, std::uint64_t now_ns);
    /// What a provider makes of a call.
    void answer(const Session& provider, const Message& message);
    void reject(const Session& provider, std::uint64_t id, std::uint64_t now_ns);
    /// The provider cannot answer, and may have carried the call out: the call ends with
    /// provider_lost. One that is idempotent goes to the next provider.
    void abandon(const Session& provider, std::uint64_t id, std::uint64_t now_ns);
    /// The caller's request `number` is of no more use.
    void cancel(const Session& caller, std::uint32_t lane, std::uint64_t number);

    void provide(Session& session, const Declarations::Change& declared, Pattern pattern) {
        providers_.add(session, declared, std::move(pattern));
    }
    /// Takes a provider out. What it has not taken goes to others.
    void withdraw(const Session& session, std::uint32_t place, std::uint64_t now_ns);
    /// The session is over: its calls are cancelled, those that it had taken are lost.
    void end(Session& session, std::uint64_t now_ns);

    /// A provider of a former broker, which may come back: calls wait for it.
    void expect(SessionId session, Pattern pattern) {
        expected_.emplace_back(session, std::move(pattern));
    }
    /// It has come back, and said what it provides now, or will not come back.
    void stop_expecting(SessionId session) {
        std::erase_if(expected_, [session](const auto& one) { return one.first == session; });
    }

    /// Looks at what is due, and at what waits.
    void turn(std::uint64_t now_ns);

    [[nodiscard]] const ProviderBook& providers() const noexcept { return providers_; }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept { return due_.next_ns(); }
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
    [[nodiscard]] std::size_t under_way() const noexcept { return calls_.size(); }
    [[nodiscard]] std::uint64_t calls_total() const noexcept { return calls_total_; }
    [[nodiscard]] std::uint64_t answers_late() const noexcept { return answers_late_; }

private:
    /// Calls that wait and are tried again in one turn.
    static constexpr std::size_t tries_per_turn = 64;

    enum class Offered { yes, all_full, nobody };
    [[nodiscard]] Offered offer(RoutedCall& call, std::uint64_t now_ns);
    [[nodiscard]] Provider* choose(const RoutedCall& call, bool& is_anybody_there);
    [[nodiscard]] bool is_expected(std::string_view name) const;
    void wait(RoutedCall& call);
    void pass_by(RoutedCall& call, std::uint64_t now_ns);
    /// Offers it to whoever is left, or ends it.
    void pass_on(RoutedCall& call, std::uint64_t now_ns);
    /// Takes it away from its provider. False: the provider has taken it.
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

    Post* post_;
    MessagingOptions options_;
    ProviderBook providers_;
    CallTable calls_;
    DueQueue due_;
    std::deque<std::uint64_t> waiting_;  ///< ids
    std::vector<std::pair<SessionId, Pattern>> expected_;
    std::uint64_t asked_ = 0;
    std::uint64_t calls_total_ = 0;
    std::uint64_t answers_late_ = 0;
};

}  // namespace ringside::broker
