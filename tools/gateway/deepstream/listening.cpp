#include "tools/gateway/deepstream/listening.hpp"

#include <re2/re2.h>
#include <algorithm>
#include <utility>

#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

std::unique_ptr<re2::RE2> compile(const std::string& expression) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_unique<re2::RE2>(expression, options);
    return compiled->ok() ? std::move(compiled) : nullptr;
}

void log_failure(const Result<void>& told, const std::string& name) {
    // The broker is gone or stuck.
    if (!told) spdlog::info("answer about '{}': {}", name, told.error().text());
}

}  // namespace

std::string grid_pattern_of(std::string_view expression) {
    constexpr std::string_view everything = "**";
    constexpr std::string_view special = "\\.[](){}*+?|^$%";
    if (!expression.starts_with('^') || expression.find('|') != std::string_view::npos) {
        return std::string(everything);
    }
    expression.remove_prefix(1);
    std::string_view fixed = expression.substr(0, expression.find_first_of(special));
    const std::size_t slash = fixed.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return std::string(everything);
    fixed = fixed.substr(0, slash);
    std::string pattern(fixed);
    pattern += "/**";
    return Pattern::parse(pattern) ? pattern : std::string(everything);
}

template <class Message, class TopicAction>
Listening<Message, TopicAction>::Listening(Session& session, Action right)
    : session_(session), right_(right) {}
template <class Message, class TopicAction>
Listening<Message, TopicAction>::~Listening() = default;

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::clear() {
    patterns_.clear();
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::send(TopicAction action, const std::string& pattern,
                                           const std::string& name) {
    auto message = message_of<Message>(action);
    if (!pattern.empty()) message.set_name(pattern);
    message.set_subscription(name);
    session_.send(message);
}

template <class Message, class TopicAction>
bool Listening<Message, TopicAction>::may_go_on() const {
    return std::all_of(patterns_.begin(), patterns_.end(), [this](const auto& pattern) {
        return session_.decide(right_, to_grid_name(pattern.first)).is_allowed;
    });
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::listen(const Message& message) {
    const std::string& pattern = message.name();
    const Decision decision = session_.decide(right_, to_grid_name(pattern));
    if (!decision.is_allowed) {
        auto refusal =
            message_of<Message>(decision.has_failed ? TopicAction::message_permission_error
                                                    : TopicAction::message_denied);
        refusal.set_name(pattern);
        refusal.set_is_error(true);
        refusal.set_original_action(message.action());
        return session_.send(refusal);
    }
    const bool is_new = !patterns_.contains(pattern);
    auto expression = is_new && patterns_.size() < patterns_max ? compile(pattern) : nullptr;
    if (is_new && expression == nullptr) return refuse_expression(pattern);
    if (is_new) {
        Listened& listened = patterns_[pattern];
        listened.expression = std::move(expression);
        listened.number = ++registered_;
        listened.place = session_.hub().listeners().add(
            grid_pattern_of(pattern),
            [this, pattern](Listener& listener, const std::shared_ptr<Interest>& interest) {
                on_interest(pattern, listener, interest);
            });
        if (listened.place == nullptr) {
            spdlog::warn(
                "pattern '{}' refused because the gateway reached its limit of {} patterns",
                pattern, ListenerRegistrations::patterns_max);
            patterns_.erase(pattern);
            return refuse_expression(pattern);
        }
    }
    Listened& listened = patterns_.at(pattern);
    listened.place->when_decided(this, [this, weak = session_.weak_from_this(), pattern,
                                        number = listened.number](bool is_registered) {
        const auto alive = weak.lock();
        if (alive) on_decided(pattern, number, is_registered);
    });
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::on_decided(const std::string& pattern, std::uint64_t number,
                                                 bool is_registered) {
    const auto listened = patterns_.find(pattern);
    // The client has withdrawn the pattern, and perhaps listens to it again.
    if (listened == patterns_.end() || listened->second.number != number) return;
    if (!is_registered) {
        patterns_.erase(listened);
        return refuse_expression(pattern);
    }
    auto ack = message_of<Message>(TopicAction::listen);
    ack.set_name(pattern);
    ack.set_is_ack(true);
    session_.send(ack);
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::refuse_expression(const std::string& pattern) {
    auto refusal = message_of<Message>(TopicAction::invalid_listen_regex);
    refusal.set_name(pattern);
    session_.send(refusal);
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::unlisten(const Message& message) {
    patterns_.erase(message.name());
    auto ack = message_of<Message>(TopicAction::unlisten);
    ack.set_name(message.name());
    ack.set_is_ack(true);
    session_.send(ack);
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::on_interest(const std::string& pattern, Listener& listener,
                                                  const std::shared_ptr<Interest>& interest) {
    if (interest->kind == InterestKind::wanted) return on_wanted(pattern, listener, interest);
    on_unwanted(pattern, from_grid_name(interest->subject));
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::on_wanted(const std::string& pattern, Listener& listener,
                                                const std::shared_ptr<Interest>& interest) {
    Listened& listened = patterns_.at(pattern);
    const std::string name = from_grid_name(interest->subject);
    if (!re2::RE2::PartialMatch(name, *listened.expression)) {
        return log_failure(listener.reject(*interest), name);
    }
    const std::uint64_t id = ++ids_;
    listened.asked[name] = {.interest = interest, .listener = &listener, .id = id};
    send(TopicAction::pattern_found, pattern, name);
    await_answer(pattern, name, id);
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::on_unwanted(const std::string& pattern,
                                                  const std::string& name) {
    Listened& listened = patterns_.at(pattern);
    const auto at = listened.asked.find(name);
    if (at == listened.asked.end()) return;
    if (!at->second.is_accepted) {
        at->second.is_withdrawn = true;  // until the client answers, or its time to answer ends
        return;
    }
    listened.asked.erase(at);
    send(TopicAction::pattern_removed, pattern, name);
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::await_answer(const std::string& pattern,
                                                   const std::string& name, std::uint64_t id) {
    auto timer =
        std::make_shared<Timer>(session_.executor(), session_.hub().options.listen_answer_time);
    timer->async_wait(
        [this, timer, weak = session_.weak_from_this(), pattern, name, id](const error_code&) {
            if (const auto alive = weak.lock()) on_silence(pattern, name, id);
        });
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::on_silence(const std::string& pattern,
                                                 const std::string& name, std::uint64_t id) {
    const auto listened = patterns_.find(pattern);
    if (listened == patterns_.end()) return;
    const auto at = listened->second.asked.find(name);
    if (at == listened->second.asked.end() || at->second.id != id || at->second.is_accepted) {
        return;
    }
    const Asked asked = std::move(at->second);
    listened->second.asked.erase(at);
    if (asked.is_withdrawn) return;
    send(TopicAction::listen_response_timeout, {}, name);
    log_failure(asked.listener->reject(*asked.interest), name);
}

/// Returns null if the client was not asked, or the question is too old.
template <class Message, class TopicAction>
auto Listening<Message, TopicAction>::find(const Message& message) -> Asked* {
    const auto listened = patterns_.find(message.name());
    if (listened == patterns_.end()) return nullptr;
    const auto at = listened->second.asked.find(message.subscription());
    return at == listened->second.asked.end() ? nullptr : &at->second;
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::accept(const Message& message) {
    Asked* asked = find(message);
    if (asked == nullptr) return;
    if (asked->is_withdrawn) {
        // The client believes now that it provides the name, and no other message would end that.
        patterns_.at(message.name()).asked.erase(message.subscription());
        return send(TopicAction::pattern_removed, message.name(), message.subscription());
    }
    if (std::exchange(asked->is_accepted, true)) return;
    // After a failure the grid asks another listener and reports `unwanted` to this one.
    log_failure(asked->listener->accept(*asked->interest), message.subscription());
}

template <class Message, class TopicAction>
void Listening<Message, TopicAction>::reject(const Message& message) {
    Asked* asked = find(message);
    if (asked == nullptr) return;
    if (!asked->is_withdrawn) {
        log_failure(asked->listener->reject(*asked->interest), message.subscription());
    }
    patterns_.at(message.name()).asked.erase(message.subscription());
}

template class Listening<wire::RecordMessage, RecordAction>;
template class Listening<wire::EventMessage, EventAction>;

}  // namespace ringside::gateway::deepstream
