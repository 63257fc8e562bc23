#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "broker/reactor/reactor.hpp"
#include "broker/runtime_file.hpp"

/// Background tasks of the reactor: reloading the configuration, and detecting removed files.
namespace ringside::broker {

namespace {

/// Interval for checking the names of segment and socket.
constexpr std::chrono::seconds file_watch_interval{1};

bool has_same_access(const Access& one, const Access& other) {
    return one.role == other.role &&
           std::equal(one.patterns.begin(), one.patterns.end(), other.patterns.begin(),
                      other.patterns.end(),
                      [](const Pattern& a, const Pattern& b) { return a.text() == b.text(); });
}

}  // namespace

void Reactor::reload() {
    if (!reload_) return;
    auto fresh = reload_();
    if (!fresh) {
        return spdlog::error("configuration not reloaded, the current one stays in force: {}",
                             fresh.error().text());
    }
    options_.rules = std::move(fresh->rules);
    options_.sessions_max = fresh->sessions_max;
    options_.sessions_per_user = fresh->sessions_per_user;
    std::vector<ConnectionId> changed;
    for (const auto& [id, peer] : connections_) {
        if (!has_same_access(peer->access, options_.access_of(peer->credentials)))
            changed.push_back(id);
    }
    for (const ConnectionId id : changed) {
        say_goodbye(*connections_.at(id),
                    Error(Errc::connection_lost, "the session's role has changed"));
        drop(id);
    }
    spdlog::info("configuration reloaded: {} role rules, at most {} sessions; {} sessions closed",
                 options_.rules.size(), options_.sessions_max, changed.size());
}

void Reactor::store_limits() {
    using shm::LimitKind;
    std::map<std::uint32_t, std::size_t> by_user;
    std::size_t waiting = 0;
    std::size_t most = 0;
    for (const auto& [id, peer] : connections_) {
        if (peer->session == 0) ++waiting;
        else if (peer->access.role != shm::Role::admin)
            most = std::max(most, ++by_user[peer->credentials.uid]);
    }
    shm::Counters& counters = segment_->header().counters;
    counters.limit(LimitKind::sessions)
        .show(options_.sessions_max, limits::sessions_max - free_indices_.size(),
              sessions_refused_);
    counters.limit(LimitKind::user_sessions)
        .show(options_.sessions_of_one_user(), most, user_sessions_refused_);
    counters.limit(LimitKind::waiting_connections)
        .show(admission_.waiting_max(), waiting, waiting_dropped_);
}

void Reactor::watch_files() {
    store_limits();
    file_watch_.expires_after(file_watch_interval);
    file_watch_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        refusals_.report();
        log_.flush();
        check_files();
        watch_files();
    });
}

/// Checks the names of segment and socket. Another program may remove them, as systemd does for a
/// user who logs out (RemoveIPC=yes). A socket can be bound again; a segment cannot get its name
/// back.
void Reactor::check_files() {
    const int segment = segment_->descriptor();
    if (segment >= 0 && !has_reported_segment_ && !is_file_at(segment, paths_.segment_path)) {
        has_reported_segment_ = true;
        spdlog::error(
            "segment was removed or replaced: {}; new clients cannot attach, and the records in "
            "memory are lost when this broker ends: dump them from an attached client, then "
            "restart the broker",
            paths_.segment_path);
    }
    const GridSocket::Place place = socket_.place();
    if (place == GridSocket::Place::own) {
        has_reported_socket_ = false;
    } else if (place == GridSocket::Place::missing) {
        auto listening = listen();
        log_.line(
            daemon::FoldedLog::Level::warning, "socket was removed",
            paths_.socket_path + ": " + (listening ? "bound again" : listening.error().text()));
    } else if (!has_reported_socket_) {
        has_reported_socket_ = true;
        spdlog::error(
            "socket was replaced by another file: {}; remove that file so that new clients can "
            "attach",
            paths_.socket_path);
    }
}

}  // namespace ringside::broker
