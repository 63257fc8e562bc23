#include "tools/gateway/deepstream/records.hpp"

#include <spdlog/spdlog.h>

#include "shm/document/json.hpp"
#include "shm/name/name.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/record_frame.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Records that are read before the loop serves others.
constexpr int names_per_go = 64;

bool is_end(WatchKind kind) noexcept {
    return kind == WatchKind::remove || kind == WatchKind::expire;
}

}  // namespace

Task<void> Records::take_later(wire::RecordMessage& message) {
    co_await writes_.settle_before(message);
    if (session_.is_over()) co_return;
    if (is_bulk_read(message)) co_await read_many(message);
    else take(message);
}

void Records::take(wire::RecordMessage& message) {
    switch (static_cast<RecordAction>(message.action())) {
        case RecordAction::subscribe_create_and_read:
        case RecordAction::subscribe_and_read: return subscribe_and_read(message);
        case RecordAction::subscribe_and_head: return subscribe_and_head(message);
        case RecordAction::unsubscribe: return unsubscribe(message);
        case RecordAction::read: return read(message);
        case RecordAction::head: return head(message);
        case RecordAction::notify: return notify(message);
        case RecordAction::delete_: return writes_.remove(message);
        case RecordAction::update:
        case RecordAction::patch:
        case RecordAction::erase:
        case RecordAction::patch_multi:
        case RecordAction::create_and_update:
        case RecordAction::create_and_patch: return writes_.write(message);
        default: spdlog::debug("unknown record action {}", message.action());
    }
}

// Watches.

Records::Watched* Records::find(const std::string& grid_name) {
    const auto at = watched_.find(grid_name);
    return at == watched_.end() ? nullptr : &at->second;
}

RecordCopy* Records::find_copy(const std::string& grid_name) {
    Watched* watched = find(grid_name);
    return watched == nullptr ? nullptr : &watched->copy;
}

bool Records::watch(const std::string& name, const std::string& grid_name,
                    const wire::RecordMessage& message) {
    if (find(grid_name) != nullptr) {
        auto refusal = record_message(RecordAction::multiple_subscriptions);
        refusal.set_name(name);
        refusal.set_original_action(static_cast<std::int32_t>(RecordAction::subscribe));
        session_.send(refusal);
        return false;
    }
    const auto action = static_cast<RecordAction>(message.action());
    if (!session_.has_subscriptions_left()) {
        refuse_subscription(name, action, Error(Errc::lane_limit, "too many subscriptions"));
        return false;
    }
    auto checked = check_answerable(name);
    if (checked) checked = check_name(grid_name);
    auto pattern = checked ? Pattern::parse(grid_name) : Result<Pattern>(checked.error());
    if (!pattern) {
        refuse_subscription(name, action, pattern.error());
        return false;
    }
    auto subscription =
        session_.hub().feed.subscribe(session_, session_.requester(),
                                      {.pattern = *std::move(pattern),
                                       .what = WatchFor::changes | WatchFor::providers,
                                       .encode = record_frame});
    if (!subscription) {
        refuse_subscription(name, action, Error(Errc::would_block, subscription.error().detail));
        return false;
    }
    Watched& watched = watched_[grid_name];
    watched.subscription = *std::move(subscription);
    watched.id = ++ids_;
    watched.subscription->go_on();
    return true;
}

void Records::end_watch(const std::string& grid_name) {
    const auto at = watched_.find(grid_name);
    if (at == watched_.end()) return;
    // The watch may be the caller.
    asio::post(session_.executor(),
               [alive = session_.shared_from_this(),
                ended = std::shared_ptr<Subscription>(std::move(at->second.subscription))] {});
    watched_.erase(at);
}

bool Records::is_bulk_read(const wire::RecordMessage& message) {
    const auto action = static_cast<RecordAction>(message.action());
    return message.names_size() > names_per_go &&
           (action == RecordAction::subscribe_create_and_read ||
            action == RecordAction::subscribe_and_read);
}

void Records::acknowledge_read(const wire::RecordMessage& message) {
    wire::RecordMessage ack = message;
    ack.set_is_ack(true);
    session_.send(ack);
}

void Records::subscribe_and_read(const wire::RecordMessage& message) {
    acknowledge_read(message);
    for (const std::string& name : message.names()) subscribe_one(name, message);
}

Task<void> Records::read_many(const wire::RecordMessage& message) {
    acknowledge_read(message);
    for (int done = 0; done < message.names_size() && !session_.is_over(); ++done) {
        if (done % names_per_go == 0) co_await session_.pause_for_room();
        subscribe_one(message.names(done), message);
    }
}

void Records::subscribe_one(const std::string& name, const wire::RecordMessage& message) {
    const std::string grid_name = to_grid_name(name);
    const bool creates =
        static_cast<RecordAction>(message.action()) == RecordAction::subscribe_create_and_read;
    const auto record = session_.hub().grid().reader().get(grid_name);
    const bool is_missing = !record && record.error() == Errc::not_found;
    const bool was_watched = find(grid_name) != nullptr;
    const bool is_to_be_made = is_missing && creates && !was_watched;
    if (is_to_be_made && !is_permitted(Action::create, name, message)) return;
    if (!is_permitted(Action::read, name, message)) return;
    if (!watch(name, grid_name, message) && !was_watched) return;
    if (is_to_be_made) create(name, grid_name);
    else answer_with_state(name, grid_name);
}

void Records::create(const std::string& name, const std::string& grid_name) {
    const std::uint64_t id = find(grid_name)->id;
    writes_.begin(grid_name, true);
    Write write{.kind = Write::Kind::put, .name = grid_name, .json = "{}"};
    write.options.condition = Condition::is_absent();
    session_.hub().grid().submit(
        std::move(write),
        Completion<Writer::Outcome>(
            std::in_place, [this, alive = session_.alive_for_write(), name, id](
                               const Writer::Outcome& outcome) { on_created(name, id, outcome); }));
}

void Records::on_created(const std::string& name, std::uint64_t id,
                         const Writer::Outcome& outcome) {
    const std::string grid_name = to_grid_name(name);
    const Watched* watched = find(grid_name);
    if (watched != nullptr && watched->id == id) answer_created(name, grid_name, outcome);
    writes_.end(grid_name);  // resumes messages that have waited for this
}

void Records::answer_created(const std::string& name, const std::string& grid_name,
                             const Writer::Outcome& outcome) {
    // Another client may have been first.
    if (outcome || outcome.error() == Errc::condition_failed) {
        return answer_with_state(name, grid_name);
    }
    refuse_subscription(name, RecordAction::subscribe_create_and_read, outcome.error());
    end_watch(grid_name);
}

void Records::subscribe_and_head(const wire::RecordMessage& message) {
    auto versions = record_message(RecordAction::head_response_bulk);
    std::vector<std::string> missing;
    std::vector<std::string> watched;
    for (const std::string& name : message.names()) {
        if (!is_permitted(Action::read, name, message)) continue;
        const std::string grid_name = to_grid_name(name);
        const bool was_watched = find(grid_name) != nullptr;
        if (!watch(name, grid_name, message) && !was_watched) continue;
        watched.push_back(name);
        const auto record = session_.hub().grid().reader().get(grid_name);
        if (!record && record.error() != Errc::not_found) {
            refuse_subscription(name, RecordAction::subscribe_and_head, record.error());
            end_watch(grid_name);
            watched.pop_back();
            continue;
        }
        Watched& entry = *find(grid_name);
        entry.copy.is_told = true;
        entry.is_there = record.has_value();
        if (record) {
            entry.copy.read_at = entry.copy.told_at = record->revision();
            wire::RecordVersion& version = *versions.add_versions();
            version.set_name(name);
            version.set_version(to_deepstream_version(record->version()));
        } else {
            missing.push_back(name);
        }
    }
    session_.send(versions);
    if (!watched.empty() || message.names().empty()) {
        auto ack = record_message(RecordAction::subscribe_and_head);
        ack.set_correlation_id(message.correlation_id());
        ack.set_is_ack(true);
        session_.send(ack);
    }
    for (const std::string& name : missing) answer_head(name, to_grid_name(name));
    for (const std::string& name : watched) tell_provider(name, to_grid_name(name));
}

void Records::unsubscribe(const wire::RecordMessage& message) {
    for (const std::string& name : message.names()) end_watch(to_grid_name(name));
    auto ack = record_message(RecordAction::unsubscribe);
    ack.set_correlation_id(message.correlation_id());
    ack.set_is_ack(true);
    session_.send(ack);
}

void Records::tell(const Subscription& subscription, const EchoFilter::Text& text) {
    if (text->kind() == WatchKind::lagged) return restart(subscription);
    Watched* watched = find(text->name());
    if (watched == nullptr || watched->subscription.get() != &subscription) return;
    if (text->kind() == WatchKind::provided || text->kind() == WatchKind::unprovided) {
        return session_.send_frame(text->text());
    }
    // The state has not been read yet, and will contain this change.
    const bool is_known =
        text->revision() <= watched->copy.read_at || text->position() < watched->told_before;
    if (!watched->copy.is_told || is_known) return;
    watched->echoes.offer(text, [&](const EchoFilter::Text& told) { tell_change(told, *watched); });
    if (watched->is_ended) end_watch(text->name());
}

void Records::tell_change(const EchoFilter::Text& text, Watched& watched) {
    // A held change may be part of a state that was sent meanwhile.
    if (watched.is_ended || text->revision() <= watched.copy.read_at) return;
    watched.copy.told_at = text->revision();
    watched.told_before = text->position() + 1;
    session_.send_frame(text->text());
    // The end of a record ends its subscriptions.
    watched.is_ended = is_end(text->kind());
    watched.is_there = !watched.is_ended;
}

/// Changes were missed, perhaps because the grid was replaced. The state follows, but does not
/// mention records that no longer exist.
void Records::restart(const Subscription& subscription) {
    const std::string name = subscription.pattern().text();
    Watched* watched = find(name);
    if (watched == nullptr || watched->subscription.get() != &subscription) return;
    watched->copy.read_at = watched->copy.told_at = 0;
    watched->told_before = 0;
    watched->echoes.forget_own();
    if (!watched->copy.is_told || !watched->is_there) return;
    const auto record = session_.hub().grid().reader().get(name);
    if (record || record.error() != Errc::not_found) return;
    auto end = record_message(RecordAction::deleted);
    end.set_name(from_grid_name(name));
    session_.send(end);
    end_watch(name);
}

bool Records::adopt(const Requester& requester) {
    bool may_go_on = true;
    for (const auto& [name, watched] : watched_) {
        may_go_on = watched.subscription->adopt(requester) && may_go_on;
    }
    return may_go_on;
}

void Records::go_on() {
    for (auto at = watched_.begin(); at != watched_.end();) {
        Subscription& subscription = *at->second.subscription;
        ++at;  // The call may end its own watch, but no other.
        subscription.go_on();
    }
}

void Records::begin_echo(const std::string& grid_name) {
    if (Watched* watched = find(grid_name)) watched->echoes.begin();
}

void Records::succeed_echo(const std::string& grid_name, Revision revision) {
    Watched* watched = find(grid_name);
    if (watched == nullptr || watched->echoes.is_idle()) return;
    watched->echoes.succeed(revision,
                            [&](const EchoFilter::Text& told) { tell_change(told, *watched); });
    if (watched->is_ended) end_watch(grid_name);
}

void Records::fail_echo(const std::string& grid_name, Version version) {
    Watched* watched = find(grid_name);
    if (watched == nullptr || watched->echoes.is_idle()) return;
    watched->echoes.fail([&](const EchoFilter::Text& told) { tell_change(told, *watched); },
                         [&](const ChangeText& text) { return text.version() <= version; });
    if (watched->is_ended) end_watch(grid_name);
}

}  // namespace ringside::gateway::deepstream
