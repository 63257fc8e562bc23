#include "broker/routing/call_router.hpp"

#include <algorithm>

namespace ringside::broker {

using wire::DeliveryKind;
using wire::MessageKind;

namespace {

/// Estimates the broker memory of a pending call.
std::size_t call_bytes_of(std::string_view name, ByteView document) noexcept {
    constexpr std::size_t place_bytes = 1024;
    return place_bytes + name.size() + document.size();
}

/// Same for an entry in the list of providers that rejected a call.
constexpr std::size_t passed_bytes = 2 * sizeof(std::uint64_t);

std::size_t call_bytes_of(const RoutedCall& call) noexcept {
    return call_bytes_of(call.name, call.document) + call.passed.size() * passed_bytes;
}

}  // namespace

Result<void> CallRouter::call(Session& caller, std::uint32_t lane, std::uint64_t number,
                              const Message& message, std::uint64_t now_ns) {
    const auto refuse = [this](const char* what) {
        ++calls_refused_;
        return Error(Errc::would_block, what);
    };
    if (caller.lanes()[lane]->calls >= limits::calls_per_lane_max) {
        return refuse("too many calls pending in this lane");
    }
    if (calls_.is_full()) return refuse("too many calls pending in the grid");
    const std::size_t bytes = call_bytes_of(message.name, message.document);
    if (caller.call_bytes + bytes > limits::calls_bytes_max) {
        return refuse("calls pending in this session take too much memory");
    }
    RoutedCall& made = calls_.add();
    made.caller = &caller;
    made.lane = lane;
    made.number = number;
    made.name.assign(message.name);
    made.document.assign(message.document.begin(), message.document.end());
    made.is_idempotent = message.is_idempotent;
    made.has_own_deadline = message.timeout_ms != 0;
    made.deadline_ns =
        now_ns + (made.has_own_deadline ? message.timeout_ms * 1'000'000 : options_.response_ns);
    caller.call_bytes += bytes;
    caller.account().charge(bytes);
    calls_.link_to_caller(made);
    const Offered offered = offer(made, now_ns);
    if (offered == Offered::nobody) {
        forget(made);
        return Error(Errc::no_provider, std::string(message.name));
    }
    ++calls_total_;
    return {};
}

CallRouter::Offered CallRouter::offer(RoutedCall& call, std::uint64_t now_ns) {
    bool is_anybody_there = false;
    Provider* provider = choose(call, is_anybody_there);
    if (provider == nullptr) {
        is_anybody_there = is_anybody_there || is_expected(call.name);
        if (is_anybody_there) wait(call);
        return is_anybody_there ? Offered::all_full : Offered::nobody;
    }
    Lane& lane = provider->lane();
    call.provider = provider;
    call.claim = *lane.take_claim();
    // SYNC call-claim: B1 of shm::Claims, pairs with P1 in Provider::Impl::claim.
    lane.claim(call.claim).store(shm::Claims::offered(call.id), std::memory_order_release);
    const std::uint64_t left_ms =
        (call.deadline_ns - std::min(call.deadline_ns, now_ns)) / 1'000'000;
    const bool is_in =
        deliveries_->deliver(lane, {.kind = DeliveryKind::offer,
                                    .id = call.id,
                                    .place = call.claim,
                                    .name = call.name,
                                    .document = call.document,
                                    .timeout_ms = std::max<std::uint64_t>(left_ms, 1),
                                    .declaration = provider->declaration});
    lane.has_offers = true;
    calls_.link_to_provider(call);
    provider->last_asked = ++asked_;
    if (!is_in) {  // larger than estimated; handled like a full lane
        let_go(call);
        wait(call);
        return Offered::all_full;
    }
    set_due(call, call.has_own_deadline ? std::min(call.deadline_ns, now_ns + options_.accept_ns)
                                        : now_ns + options_.accept_ns);
    return Offered::yes;
}

void CallRouter::wait(RoutedCall& call) {
    waiting_.push_back(call.id);
    if (call.due_ns != call.deadline_ns) set_due(call, call.deadline_ns);
}

/// Returns the provider with the fewest pending calls; among equals, the one asked least recently.
/// Returns null if no provider has room. Sets `is_anybody_there` if a provider exists at all.
Provider* CallRouter::choose(const RoutedCall& call, bool& is_anybody_there) {
    constexpr std::size_t overhead = 256;  // bytes of a delivery in addition to name and document
    const std::size_t bytes = call.name.size() + call.document.size() + overhead;
    Provider* best = nullptr;
    providers_.for_each(call.name, [&](Provider& one) {
        if (std::find(call.passed.begin(), call.passed.end(), one.id) != call.passed.end()) return;
        is_anybody_there = true;
        Lane& lane = one.lane();
        if (!lane.has_claim() || !lane.can_deliver(bytes)) return;
        if (best == nullptr || one.under_way < best->under_way ||
            (one.under_way == best->under_way && one.last_asked < best->last_asked)) {
            best = &one;
        }
    });
    return best;
}

bool CallRouter::is_expected(std::string_view name) const {
    return std::any_of(expected_.begin(), expected_.end(),
                       [name](const auto& one) { return one.second.matches(name); });
}

RoutedCall* CallRouter::taken_by(const Session& provider, std::uint64_t id) {
    RoutedCall* call = calls_.find(id);
    if (call == nullptr || call->provider == nullptr || call->provider->session != &provider) {
        ++answers_late_;
        return nullptr;
    }
    return call;
}

void CallRouter::answer(const Session& provider, const Message& message) {
    RoutedCall* call = taken_by(provider, message.id);
    if (call == nullptr) return;
    const DeliveryKind kind =
        message.kind == MessageKind::answer ? DeliveryKind::answer : DeliveryKind::failure;
    deliveries_->answer(call->caller_lane(), call->number, kind, message.document);
    forget(*call);
}

void CallRouter::reject(const Session& provider, std::uint64_t id, std::uint64_t now_ns) {
    RoutedCall* call = taken_by(provider, id);
    if (call == nullptr) return;
    pass_by(*call, now_ns);
}

void CallRouter::abandon(const Session& provider, std::uint64_t id, std::uint64_t now_ns) {
    RoutedCall* call = taken_by(provider, id);
    if (call == nullptr) return;
    if (call->is_idempotent) return pass_by(*call, now_ns);
    fail(*call, Error(Errc::provider_lost));
}

/// The provider rejected the call or did not take it.
void CallRouter::pass_by(RoutedCall& call, std::uint64_t now_ns) {
    Provider& provider = *call.provider;
    call.passed.push_back(provider.id);
    call.caller->call_bytes += passed_bytes;
    call.caller->account().charge(passed_bytes);
    let_go(call);
    forget_idle(provider);
    pass_on(call, now_ns);
}

void CallRouter::pass_on(RoutedCall& call, std::uint64_t now_ns) {
    if (offer(call, now_ns) != Offered::nobody) return;
    fail(call, Error(Errc::no_provider, call.passed.empty() ? call.name
                                                            : std::to_string(call.passed.size()) +
                                                                  " providers declined the call"));
}

void CallRouter::cancel(const Session& caller, std::uint32_t lane, std::uint64_t number) {
    for (std::uint32_t place = caller.lanes()[lane]->first_call; place != 0;) {
        RoutedCall& call = calls_.at(place);
        if (call.number == number) {
            tell_cancelled(call);
            return forget(call);
        }
        place = call.next_of_caller;
    }
}

void CallRouter::tell_cancelled(const RoutedCall& call) {
    if (call.provider == nullptr) return;
    deliveries_->bring(call.provider->lane(), {.kind = DeliveryKind::cancelled, .id = call.id});
}

void CallRouter::withdraw(const Session& session, std::uint32_t place, std::uint64_t now_ns) {
    if (Provider* provider = providers_.find(session, place)) lose(*provider, false, now_ns);
}

void CallRouter::end(Session& session, std::uint64_t now_ns) {
    for (const auto& lane : session.lanes()) {
        while (lane->first_call != 0) {
            RoutedCall& call = calls_.at(lane->first_call);
            tell_cancelled(call);
            forget(call);
        }
    }
    // Withdraw all of them first, so that no call moves to another provider of this session.
    const std::vector<Provider*> its = providers_.of(session);
    for (Provider* provider : its) {
        if (!provider->is_withdrawn) providers_.withdraw(*provider);
    }
    for (Provider* provider : its) lose(*provider, true, now_ns);
}

void CallRouter::lose(Provider& provider, bool is_dead, std::uint64_t now_ns) {
    if (!provider.is_withdrawn) providers_.withdraw(provider);
    std::vector<RoutedCall*> to_pass_on;
    std::vector<RoutedCall*> lost;
    for (std::uint32_t place = provider.first; place != 0;) {
        RoutedCall& call = calls_.at(place);
        place = call.next_of_provider;
        const bool is_untouched = !call.is_taken && take_back(call);
        if (!is_untouched && !is_dead) continue;  // the provider might still answer
        (is_untouched || call.is_idempotent ? to_pass_on : lost).push_back(&call);
        let_go(call);
    }
    forget_idle(provider);
    for (RoutedCall* call : lost) fail(*call, Error(Errc::provider_lost));
    for (RoutedCall* call : to_pass_on) pass_on(*call, now_ns);
}

void CallRouter::forget_idle(Provider& provider) {
    if (provider.is_withdrawn && provider.first == 0) providers_.forget(provider);
}

bool CallRouter::take_back(RoutedCall& call) {
    shm::Word& word = call.provider->lane().claim(call.claim);
    std::uint64_t expected = shm::Claims::offered(call.id);
    // SYNC call-claim: B2, pairs with P1: one of the two exchanges succeeds.
    call.is_taken = !word.compare_exchange_strong(expected, shm::Claims::free);
    return !call.is_taken;
}

/// Detaches the call from its provider.
void CallRouter::let_go(RoutedCall& call) {
    Lane& lane = call.provider->lane();
    lane.claim(call.claim).store(shm::Claims::free, std::memory_order_relaxed);
    lane.give_back_claim(call.claim);
    calls_.unlink_from_provider(call);
    call.provider = nullptr;
    call.is_taken = false;
}

void CallRouter::set_due(RoutedCall& call, std::uint64_t due_ns) {
    call.due_ns = due_ns;
    due_.push(due_ns, call.id);
}

void CallRouter::turn(std::uint64_t now_ns) {
    due_.take(now_ns, [&](std::uint64_t id) {
        RoutedCall* call = calls_.find(id);
        if (call != nullptr && call->due_ns <= now_ns) look_at(*call, now_ns);
    });
    // Entries of calls that ended early would otherwise stay until the time-outs of the calls.
    due_.tidy(calls_.size(), [this](std::uint64_t due_ns, std::uint64_t id) {
        const RoutedCall* call = calls_.find(id);
        return call != nullptr && call->due_ns == due_ns;
    });
    for (std::size_t i = std::min(waiting_.size(), tries_per_turn); i > 0; --i) {
        const std::uint64_t id = waiting_.front();
        waiting_.pop_front();
        RoutedCall* call = calls_.find(id);
        if (call != nullptr && call->provider == nullptr) pass_on(*call, now_ns);
    }
}

void CallRouter::look_at(RoutedCall& call, std::uint64_t now_ns) {
    const bool waits = call.provider == nullptr;
    if ((call.has_own_deadline || waits || call.is_taken) && call.deadline_ns <= now_ns) {
        tell_cancelled(call);
        return fail(call, Error(Errc::timed_out, "no answer from the provider"));
    }
    if (waits || call.is_taken) return set_due(call, call.deadline_ns);
    if (take_back(call)) {  // the provider is stuck
        tell_cancelled(call);
        return pass_by(call, now_ns);
    }
    if (!call.has_own_deadline) call.deadline_ns = now_ns + options_.response_ns;
    set_due(call, call.deadline_ns);
}

void CallRouter::fail(RoutedCall& call, const Error& error) {
    deliveries_->refuse(call.caller_lane(), call.number, error);
    forget(call);
}

void CallRouter::forget(RoutedCall& call) {
    if (Provider* provider = call.provider) {
        let_go(call);
        forget_idle(*provider);
    }
    calls_.unlink_from_caller(call);
    const std::size_t bytes = call_bytes_of(call);
    call.caller->call_bytes -= bytes;
    call.caller->account().release(bytes);
    calls_.remove(call);
}

}  // namespace ringside::broker
