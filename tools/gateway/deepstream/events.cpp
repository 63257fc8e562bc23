#include "tools/gateway/deepstream/events.hpp"

#include <spdlog/spdlog.h>

#include "shm/name/name.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/grid_evidence.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/payload.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// The id of subscriptions to events. Those to records use no id.
constexpr std::uint64_t is_event = 1;

}  // namespace

EncodedChange event_frame(const WatchEvent& event, const JsonPointer&) {
    auto message = event_message(EventAction::emit);
    message.set_name(from_grid_name(event.record.name()));
    if (std::string data = payload_json(event.record); !data.empty()) {
        message.set_data(std::move(data));
    }
    return {frame_of(Topic::event, message)};
}

void Events::take(const wire::EventMessage& message) {
    switch (static_cast<EventAction>(message.action())) {
        case EventAction::emit: return emit(message);
        case EventAction::subscribe: return subscribe(message);
        case EventAction::unsubscribe: return unsubscribe(message);
        default: spdlog::debug("unknown event action {}", message.action());
    }
}

void Events::subscribe(const wire::EventMessage& message) {
    bool is_refused = !message.names().empty();
    for (const std::string& name : message.names()) {
        if (!is_permitted(Action::subscribe, name, message)) continue;
        if (watched_.contains(to_grid_name(name))) {
            auto refusal = event_message(EventAction::multiple_subscriptions);
            refusal.set_name(name);
            refusal.set_original_action(message.action());
            session_.send(refusal);
        } else if (!watch(name)) {
            session_.send(denial_of<EventAction>(message, name, false));
            continue;
        }
        is_refused = false;
    }
    if (is_refused) return;
    auto ack = event_message(EventAction::subscribe);
    ack.set_correlation_id(message.correlation_id());
    ack.set_is_ack(true);
    session_.send(ack);
}

bool Events::watch(const std::string& name) {
    if (!session_.has_subscriptions_left()) return false;
    const std::string grid_name = to_grid_name(name);
    auto checked = check_answerable(name);
    if (checked) checked = check_name(grid_name);
    auto pattern = checked ? Pattern::parse(grid_name) : Result<Pattern>(checked.error());
    if (!pattern) {
        spdlog::info("cannot watch event '{}': {}", grid_name, pattern.error().text());
        return false;
    }
    auto subscription = session_.hub().feed.subscribe(
        session_, session_.requester(),
        {.pattern = *std::move(pattern), .what = WatchFor::events, .encode = event_frame});
    if (!subscription) {
        spdlog::warn("cannot watch event '{}': {}", grid_name, subscription.error().detail);
        return false;
    }
    Watched& watched = watched_[grid_name];
    watched.subscription = *std::move(subscription);
    watched.subscription->id = is_event;
    watched.id = ++ids_;
    watched.subscription->go_on();
    return true;
}

void Events::unsubscribe(const wire::EventMessage& message) {
    for (const std::string& name : message.names()) watched_.erase(to_grid_name(name));
    auto ack = event_message(EventAction::unsubscribe);
    ack.set_correlation_id(message.correlation_id());
    ack.set_is_ack(true);
    session_.send(ack);
}

void Events::emit(const wire::EventMessage& message) {
    ++session_.hub().figures.publications;
    const std::string grid_name = to_grid_name(message.name());
    std::string json = to_utf8_json(message.data());
    if (!is_permitted(Action::publish, message.name(), message, json)) return;
    const auto watched = watched_.find(grid_name);
    const std::uint64_t id = watched == watched_.end() ? 0 : watched->second.id;
    if (watched != watched_.end()) watched->second.echoes.begin();
    Write event{.kind = Write::Kind::publish, .name = grid_name};
    if (json.empty()) event.document = no_data_document();
    else event.json = std::move(json);
    // An event is not stored, but keeps its place among the writes.
    if (session_.hub().options.is_durable) event.options.grade = Grade::durable;
    session_.hub().grid().submit(
        std::move(event),
        Completion<Writer::Outcome>(std::in_place, [this, alive = session_.alive_for_write(),
                                                    grid_name, id](const Writer::Outcome& outcome) {
            on_told(grid_name, id, outcome);
        }));
}

void Events::on_told(const std::string& grid_name, std::uint64_t id,
                     const Result<WriteResult>& outcome) {
    const auto tell = [this](const EchoFilter::Text& text) { tell_event(text); };
    const auto watched = watched_.find(grid_name);
    if (watched != watched_.end() && watched->second.id == id) {
        if (outcome) watched->second.echoes.succeed(outcome->revision, tell);
        else watched->second.echoes.fail(tell, [](const ChangeText&) { return false; });
    }
    if (!outcome) refuse_data(from_grid_name(grid_name), outcome.error());
}

void Events::tell(const Subscription& subscription, const EchoFilter::Text& text) {
    if (text->kind() == WatchKind::lagged) {
        // The protocol has no message for lost events. A client that reconnects knows that it may
        // have missed some.
        return session_.end(boost::beast::websocket::close_code::try_again_later,
                            "events were missed");
    }
    const auto watched = watched_.find(text->name());
    if (watched == watched_.end() || watched->second.subscription.get() != &subscription) return;
    watched->second.echoes.offer(text, [this](const EchoFilter::Text& told) { tell_event(told); });
}

bool Events::has(const Subscription& subscription) noexcept { return subscription.id == is_event; }

void Events::tell_event(const EchoFilter::Text& text) { session_.send_frame(text->text()); }

bool Events::adopt(const Requester& requester) {
    bool may_go_on = true;
    for (const auto& [name, watched] : watched_) {
        may_go_on = watched.subscription->adopt(requester) && may_go_on;
    }
    return may_go_on;
}

void Events::go_on() {
    for (auto& [name, watched] : watched_) watched.subscription->go_on();
}

bool Events::is_permitted(Action action, const std::string& name, const wire::EventMessage& message,
                          std::string_view json) {
    const PayloadEvidence evidence(session_.hub().grid(), json);
    const Decision decision = session_.decide(action, to_grid_name(name), evidence);
    if (decision.is_allowed) return true;
    session_.send(denial_of<EventAction>(message, name, decision.has_failed));
    return false;
}

/// Text that is not JSON at all ends the connection.
void Events::refuse_data(const std::string& name, const Error& error) {
    spdlog::info("event '{}' not delivered: {}", to_grid_name(name), error.text());
    auto refusal = event_message(EventAction::invalid_message_data);
    refusal.set_name(name);
    refusal.set_is_error(true);
    refusal.set_original_action(static_cast<std::int32_t>(EventAction::emit));
    session_.send(refusal);
    if (is_bad_json(error.code)) session_.end_for_bad_data();
}

}  // namespace ringside::gateway::deepstream
