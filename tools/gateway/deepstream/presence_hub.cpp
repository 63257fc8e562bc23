#include "tools/gateway/deepstream/presence_hub.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "shm/name/system_name.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/session.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::size_t users_per_session = limits::declarations_per_session_max - 6;

EncodedChange no_text(const WatchEvent&, const JsonPointer&) { return {}; }

Requester gateway_itself() {
    static const auto identity = std::make_shared<const Identity>();
    static const auto permissions = std::make_shared<const FixedPermissions>(true);
    return {identity, permissions};
}

}  // namespace

PresenceHub::PresenceHub(Hub& hub, asio::io_context& loop)
    : hub_(hub), loop_(loop.get_executor()), timer_(loop_) {
    begin_watch();
    spawn(loop_, keep_doing(loop_, "presence", [this] { return look_after(); }), "presence");
}

PresenceHub::~PresenceHub() = default;

void PresenceHub::begin_watch() {
    auto pattern = Pattern::parse(system_name::presence("*"));
    auto watch = hub_.system_feed.subscribe(
        *this, gateway_itself(),
        {.pattern = *std::move(pattern), .initial = true, .encode = no_text});
    if (!watch) return;  // no grid at the moment
    watch_ = *std::move(watch);
    met_.emplace();
    watch_->go_on();
}

void PresenceHub::join(const std::string& user) {
    Announcement& said = said_[user];
    if (++said.connections == 1) say(user, said);
}

/// A user who cannot be declared now is declared when a session is available, or by `look_after`.
void PresenceHub::say(const std::string& user, Announcement& said) {
    auto at = std::find_if(speakers_.begin(), speakers_.end(),
                           [](const Speaker& one) { return one.users < users_per_session; });
    if (at == speakers_.end()) return make_speaker();
    Speaker& speaker = *at;
    auto presence = speaker.client.announce_presence(to_grid_level(user));
    if (!presence) {
        return spdlog::debug("presence of '{}' is waiting: {}", user, presence.error().text());
    }
    said.presence = *std::move(presence);
    said.speaker = &speaker;
    ++speaker.users;
}

void PresenceHub::make_speaker() {
    if (std::exchange(is_making_speaker_, true)) return;
    hub_.grid().sessions().make("gateway presence", [this](Result<Client> made) {
        is_making_speaker_ = false;
        if (!made) return spdlog::debug("presence is waiting: {}", made.error().text());
        speakers_.push_back({*std::move(made)});
        for (auto& [user, said] : said_) {
            if (!said.presence) say(user, said);
        }
    });
}

void PresenceHub::leave(const std::string& user) {
    const auto at = said_.find(user);
    if (at == said_.end() || --at->second.connections > 0) return;
    Speaker* speaker = at->second.speaker;
    said_.erase(at);
    if (speaker == nullptr || --speaker->users > 0) return;
    speakers_.remove_if([&](const Speaker& one) { return &one == speaker; });
}

bool PresenceHub::follow(Session& session, const std::string& user) {
    return followers_[user].insert(&session).second;
}

bool PresenceHub::unfollow(Session& session, const std::string& user) {
    const auto at = followers_.find(user);
    if (at == followers_.end()) return false;
    const bool was_followed = at->second.erase(&session) > 0;
    if (at->second.empty()) followers_.erase(at);
    return was_followed;
}

void PresenceHub::forget(Session& session) {
    followers_of_all_.erase(&session);
    for (auto at = followers_.begin(); at != followers_.end();) {
        at->second.erase(&session);
        at = at->second.empty() ? followers_.erase(at) : std::next(at);
    }
}

void PresenceHub::tell(const Subscription&, const std::shared_ptr<const ChangeText>& text,
                       const std::optional<Place>&) {
    if (text->kind() == WatchKind::lagged) {
        met_.emplace();
        return;
    }
    const std::string_view prefix = "$sys/presence/";
    const std::string user = from_grid_name(std::string_view(text->name()).substr(prefix.size()));
    const bool is_there = text->kind() != WatchKind::remove && text->kind() != WatchKind::expire;
    if (met_ && is_there) met_->insert(user);
    set_there(user, is_there);
}

void PresenceHub::tell_place(const Subscription&, const Place&) {
    if (!met_) return;
    const auto met = *std::exchange(met_, std::nullopt);
    const auto before = there_;
    for (const std::string& user : before) {
        if (!met.contains(user)) set_there(user, false);
    }
}

void PresenceHub::set_there(const std::string& user, bool is_there) {
    const bool is_news = is_there ? there_.insert(user).second : there_.erase(user) > 0;
    if (!is_news) return;
    auto for_all =
        presence_message(is_there ? PresenceAction::join_all : PresenceAction::leave_all);
    for_all.set_name(user);
    for (Session* session : std::unordered_set(followers_of_all_)) session->send(for_all);
    const auto followers = followers_.find(user);
    if (followers == followers_.end()) return;
    auto for_one = presence_message(is_there ? PresenceAction::join : PresenceAction::leave);
    for_one.set_name(user);
    for (Session* session : std::unordered_set(followers->second)) session->send(for_one);
}

/// Unused sessions must be resumed as well after the broker has changed.
Task<bool> PresenceHub::look_after() {
    timer_.expires_after(std::chrono::seconds(1));
    const auto [failed] = co_await timer_.async_wait(use_task);
    if (failed) co_return false;
    if (watch_ == nullptr) begin_watch();
    for (auto& [user, said] : said_) {
        if (!said.presence) {
            say(user, said);
        } else if (const auto renewed = said.presence->renew(); !renewed) {
            spdlog::debug("presence of '{}': {}", user, renewed.error().text());
            const Errc code = renewed.error().code;
            if (code == Errc::no_broker || code == Errc::no_such_grid) break;
        }
    }
    co_return true;
}

}  // namespace ringside::gateway::deepstream
