#include "broker/engine/engine.hpp"

#include <algorithm>

#include "broker/engine/retirement.hpp"
#include "shm/base/crash_point.hpp"
#include "shm/ring/ended_writers.hpp"
#include "shm/segment/statistics.hpp"

namespace ringside::broker {

namespace {

shm::LimitKind limit_of(Errc code) noexcept {
    if (code == Errc::session_memory_limit) return shm::LimitKind::session_memory;
    return code == Errc::user_memory_limit ? shm::LimitKind::user_memory
                                           : shm::LimitKind::sessions_memory;
}

}  // namespace

Engine::Engine(const shm::SegmentView& segment, GridHost host, GridOptions options,
               Durability& durability, MessagingOptions messaging, const MemoryLimits& memory)
    : segment_(segment),
      grid_(
          segment,
          [&] {
              host.kept_from = &durability.kept_from;
              host.collect_pins = [this](std::vector<HeldPin>& out) { collect_pins(out); };
              return std::move(host);
          }(),
          options),
      accounts_(memory),
      messaging_(segment, grid_, touched_, messaging),
      durability_(&durability) {}

void Engine::open(std::unique_ptr<Session> session, std::uint64_t now_ns) {
    shm::SessionEntry& entry = segment_.session(session->index());
    const Peer& peer = session->peer();
    const auto store = [](auto& word, auto value) { word.store(value, std::memory_order_relaxed); };
    store(entry.pid, peer.credentials.pid);
    store(entry.uid, peer.credentials.uid);
    store(entry.gid, peer.credentials.gid);
    store(entry.role, static_cast<std::uint32_t>(peer.access.role));
    store(entry.opened_ns, now_ns);
    // SYNC session-reused: pairs with Attachment::revoked_below(): the id of the previous session
    // in this entry was cleared before.
    entry.revoked_below.store(0, std::memory_order_release);
    entry.name.fill('\0');
    peer.program.copy(entry.name.data(), entry.name.size() - 1);
    store_entry(*session);
    reach(CrashPoint::session_entry_written);
    // SYNC session-entry: pairs with Engine::take_over and for_each_session; the entry is complete.
    entry.id.store(session->id(), std::memory_order_release);
    messaging_.opened(*session, now_ns);
    enlist(std::move(session));
    ++sessions_total_;
    reach(CrashPoint::session_opened);
}

/// The session is counted before its client learns that it is open.
void Engine::enlist(std::unique_ptr<Session> session) {
    // The session itself, its connection, both copies of its patterns, and the record that
    // describes it.
    constexpr std::size_t session_bytes = sizeof(Session) + 4096;
    std::size_t access_bytes = 0;
    for (const Pattern& pattern : session->peer().access.patterns) {
        access_bytes += 2 * (sizeof(Pattern) + pattern.text().size());
    }
    session->account().charge(session_bytes + access_bytes);
    accounts_.open(session->account(), session->peer().credentials.uid);
    sessions_.push_back(std::move(session));
    segment_.header().counters.sessions_open.store(sessions_.size(), std::memory_order_relaxed);
}

std::unique_ptr<Session> Engine::close(SessionId id) {
    const auto place = std::find_if(sessions_.begin(), sessions_.end(),
                                    [id](const auto& session) { return session->id() == id; });
    if (place == sessions_.end()) return nullptr;
    std::unique_ptr<Session> session = std::move(*place);
    sessions_.erase(place);
    std::erase(active_, session.get());
    messaging_.ended(*session, now_ns_);
    accounts_.close(session->account());
    for (const auto& lane : session->lanes()) std::erase(touched_, lane.get());
    for (const auto& lane : session->lanes()) std::erase(holding_, lane.get());
    reach(CrashPoint::session_unlisted);
    keep_identity(*session);
    // SYNC session-entry: pairs with WriterDirectory::open_session, as W5 of
    // shm/ring/ended_writers.hpp: a reader that no longer finds the session finds its identity.
    segment_.session(session->index()).id.store(0, std::memory_order_release);
    segment_.header().counters.sessions_open.store(sessions_.size(), std::memory_order_relaxed);
    reach(CrashPoint::session_closed);
    return session;
}

std::unique_ptr<Session> Engine::leave(SessionId id) {
    const auto place = std::find_if(sessions_.begin(), sessions_.end(),
                                    [id](const auto& session) { return session->id() == id; });
    if (place == sessions_.end()) return nullptr;
    Session& session = **place;
    session.adopt_lanes();
    session.work = {};  // the last requests are not delayed
    share_.begin_turn(now_ns_);
    std::size_t budget = last_requests;
    for (std::size_t before = 0; budget != before && budget > 0 && !share_.is_turn_over();) {
        before = budget;
        if (!drain(session, budget)) break;
    }
    return close(id);
}

bool Engine::turn(std::uint64_t now_ns, Outbox& outbox) {
    constexpr std::size_t expiries_per_turn = 256;
    now_ns_ = now_ns;
    share_.begin_turn(now_ns);
    grid_.begin_turn(now_ns);
    grid_.expire_due(expiries_per_turn);
    ++turns_;
    find_active();
    std::size_t budget = requests_per_turn;
    for (std::size_t i = 0; i < active_.size() && budget > 0; ++i) {
        Session& session = *active_[(next_active_ + i) % active_.size()];
        session.adopt_lanes();
        messaging_.review(session, now_ns);
        const std::size_t before = budget;
        if (!drain(session, budget)) violators_.emplace_back(session.id(), violation_);
        if (budget != before) session.active_until = turns_ + active_turns;
    }
    requests_of_turn_ = requests_per_turn - budget;
    if (!active_.empty()) next_active_ = (next_active_ + 1) % active_.size();
    release_held();
    messaging_.turn(now_ns);
    const bool has_indexed = grid_.turn_indexes();
    finish_turn(outbox);
    return has_indexed || budget < requests_per_turn || outbox.subjects != 0 ||
           !outbox.ended.empty();
}

/// Polls sessions without recent requests in rotation, a few per turn. The cost of a turn thus
/// depends on the busy sessions, not on the number of attached ones.
void Engine::find_active() {
    std::erase_if(active_, [this](Session* session) {
        session->is_active = session->active_until >= turns_;
        return !session->is_active;
    });
    const std::size_t looks = idle_looks();
    for (std::size_t i = 0; i < looks; ++i) {
        if (next_idle_ >= sessions_.size()) next_idle_ = 0;
        prefetch_idle(looks);
        Session& session = *sessions_[next_idle_++];
        if (session.is_active || !session.needs_service()) continue;
        session.is_active = true;
        session.active_until = turns_ + active_turns;
        active_.push_back(&session);
    }
}

std::size_t Engine::idle_looks() noexcept {
    std::size_t looks = idle_looks_per_turn;
    if (requests_of_turn_ > 0) {
        requests_since_look_ += requests_of_turn_;
        looks = requests_since_look_ / requests_per_idle_look;
        requests_since_look_ %= requests_per_idle_look;
    }
    return std::min(looks, sessions_.size());
}

/// Spreads the cache misses of a poll over earlier turns: each step loads what the next one needs.
void Engine::prefetch_idle(std::size_t looks) const noexcept {
    const auto ahead = [&](std::size_t turns) -> const Session& {
        return *sessions_[(next_idle_ + turns * looks) % sessions_.size()];
    };
    prefetch_object(ahead(3));
    ahead(2).prefetch_lanes();
    ahead(1).prefetch_service();
}

/// If a limit was exceeded in this turn, reclaims memory from the largest sessions. Discards
/// unfinished messages first, which clients can send again. If that frees less than half, closes
/// the session.
void Engine::bound_memory() {
    if (!accounts_.has_excess()) return;
    for (const auto& [session, limit] : accounts_.excesses()) {
        ++memory_excesses_[static_cast<std::size_t>(limit_of(limit))];
        const std::size_t before = session->account().bytes();
        const bool is_refused = session->refuse_messages(limit);
        if (is_refused && session->account().bytes() <= before / 2) {
            ++memory_refusals_;
            continue;
        }
        ++memory_closures_;
        violators_.emplace_back(session->id(), Error(limit, std::to_string(before >> 10) + " KiB"));
    }
}

void Engine::deliver_held(Outbox& outbox) {
    release_held();
    finish_turn(outbox);
}

void Engine::finish_turn(Outbox& outbox) {
    outbox.subjects = grid_.publish();
    outbox.is_durability_wanted = durability_->wanted.load(std::memory_order_relaxed) >
                                  durability_->durable.load(std::memory_order_relaxed);
    // Flush the lanes with requests first. Otherwise, if the broker died in between, a provider
    // could have seen an offer whose request is not recorded. The successor would then assume that
    // the call was never made.
    std::partition(touched_.begin(), touched_.end(),
                   [](const Lane* lane) { return !lane->has_offers; });
    for (Lane* lane : touched_) lane->flush();
    if (outbox.subjects != 0 || !touched_.empty()) {
        // W2 of shm/wait/futex.hpp, for watchers and for clients that wait for replies or room.
        // SYNC watch-asleep: pairs with S1 and S2 of a watch: the engine sees the mask, or the
        // watch sees `published`.
        // SYNC reply-asleep: pairs with S1 and S2 in sleep_once: the engine sees the sign, or the
        // client sees the tail or head of its ring.
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    for (Lane* lane : touched_) {
        const shm::SleepsOn place = lane->sleeps_on();
        lane->settle_account();
        const bool has_news = lane->take_news();
        if (place == shm::SleepsOn::reply_tail && has_news) {
            outbox.wake.push_back(&lane->reply_tail_word());
        } else if (place == shm::SleepsOn::request_head) {
            outbox.wake.push_back(&lane->request_head_word());
        }
    }
    touched_.clear();
    messaging_.take_wakes(outbox.wake);
    if (outbox.subjects != 0) {
        outbox.are_sleepers_counted = sessions_.size() <= sleepers_counted_max;
        if (outbox.are_sleepers_counted) {
            for (const auto& one : sessions_) outbox.sleepers += one->sleepers(outbox.subjects);
        }
    }
    bound_memory();
    for (auto& [id, reason] : violators_) {
        if (auto session = close(id)) outbox.ended.push_back({std::move(session), reason});
    }
    violators_.clear();
}

bool Engine::has_work() {
    if (!touched_.empty()) return true;  // by a session opened or closed since the last turn
    // SYNC durable-revision: pairs with Recorder::show_durable.
    const Revision durable = durability_->durable.load(std::memory_order_acquire);
    const bool is_failing = durability_->is_failing();
    if (std::any_of(holding_.begin(), holding_.end(), [&](Lane* lane) {
            return lane->can_release(is_failing ? no_limit : durable);
        })) {
        return true;
    }
    if (grid_.must_wait_for_store()) return false;  // the store wakes the engine afterwards
    if (messaging_.has_work() || grid_.has_index_work()) return true;
    return std::any_of(sessions_.begin(), sessions_.end(), [this](const auto& session) {
        return !must_rest(*session) && session->needs_service();
    });
}

bool Engine::is_held_up() const {
    if (messaging_.is_held_up()) return true;
    for (const auto& session : sessions_) {
        for (const auto& lane : session->lanes()) {
            if (lane->is_held_up()) return true;
        }
    }
    return !holding_.empty();
}

void Engine::housekeep(std::uint64_t now_ns) {
    grid_.begin_turn(now_ns);
    reclaim(now_ns);
    grid_.store_counters();
    shm::Counters& counters = segment_.header().counters;
    messaging_.store_counters(counters);
    counters.refused.store(refused_, std::memory_order_relaxed);
    counters.session_bytes.store(accounts_.bytes(), std::memory_order_relaxed);
    counters.memory_refusals.store(memory_refusals_, std::memory_order_relaxed);
    counters.memory_closures.store(memory_closures_, std::memory_order_relaxed);
    counters.sessions_open.store(sessions_.size(), std::memory_order_relaxed);
    counters.sessions_total.store(sessions_total_, std::memory_order_relaxed);
    if (housekeepings_++ % housekeepings_per_limits == 0) store_memory_limits();
    store_some_entries();
}

void Engine::store_memory_limits() {
    using shm::LimitKind;
    const MemoryLimits& limits = accounts_.memory_limits();
    const MemoryAccounts::Heaviest heaviest = accounts_.heaviest();
    const auto show = [this](LimitKind kind, std::size_t value, std::size_t in_use) {
        segment_.header().counters.limit(kind).show(
            value, in_use, memory_excesses_[static_cast<std::size_t>(kind)]);
    };
    show(LimitKind::session_memory, limits.session, heaviest.session_bytes);
    show(LimitKind::user_memory, limits.user, heaviest.user_bytes);
    show(LimitKind::sessions_memory, limits.total, accounts_.bytes());
}

void Engine::reclaim(std::uint64_t now_ns) {
    const std::uint64_t interval_ns =
        sessions_.size() <= sessions_few ? 0 : sessions_.size() * reclaim_interval_per_session_ns;
    const bool is_too_soon = now_ns >= reclaimed_ns_ && now_ns - reclaimed_ns_ < interval_ns;
    if (is_too_soon) return;
    reclaimed_ns_ = now_ns;
    grid_.reclaim();
}

void Engine::store_some_entries() {
    // Limits the cost of a pass to that of a few sessions with all their pins set.
    constexpr std::size_t looks_max = 8 * limits::pins_per_session_max;
    std::size_t looks = 0;
    for (std::size_t i = std::min(sessions_.size(), entries_per_housekeeping);
         i > 0 && looks < looks_max; --i) {
        if (next_stored_ >= sessions_.size()) next_stored_ = 0;
        const Session& session = *sessions_[next_stored_++];
        store_entry(session);
        looks += 1 + session.lanes().size() + session.pins_used();
    }
}

/// Keeps the identity of a session that ends, for readers of the change ring.
void Engine::keep_identity(const Session& session) const {
    if (!session.has_committed) return;
    const Peer& peer = session.peer();
    const shm::SessionEntry& entry = segment_.session(session.index());
    shm::add_ended_writer(segment_, {.session = session.id(),
                                     .pid = peer.credentials.pid,
                                     .uid = peer.credentials.uid,
                                     .gid = peer.credentials.gid,
                                     .opened_ns = entry.opened_ns.load(std::memory_order_relaxed),
                                     .ended_ns = now_ns_,
                                     .program = peer.program,
                                     .user = peer.user});
}

void Engine::store_entry(const Session& session) const {
    const Position head = segment_.header().commit.head.load(std::memory_order_relaxed);
    shm::SessionEntry& entry = segment_.session(session.index());
    entry.lag.store(session.lag(head), std::memory_order_relaxed);
    entry.requests.store(session.requests, std::memory_order_relaxed);
    entry.lease_ms.store(session.lease_ms(), std::memory_order_relaxed);
    entry.lanes.store(static_cast<std::uint32_t>(session.lanes().size()),
                      std::memory_order_relaxed);
    shm::statistics_of(segment_).pins[session.index()].store(
        static_cast<std::uint32_t>(session.pins_held()), std::memory_order_relaxed);
}

}  // namespace ringside::broker
