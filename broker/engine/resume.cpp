#include <algorithm>
#include <set>

#include "broker/engine/engine.hpp"
#include "shm/name/system_name.hpp"
#include "shm/ring/ended_writers.hpp"

/// How the engine resumes the sessions of a former broker.
///
/// Session memory belongs to the clients, which hand it over again when they notice that the broker
/// has changed. Until then a session is absent and counts as a pin at revision 0, so that no memory
/// is reused. A session resumes each lane with the request after the last one whose reply is in the
/// lane's reply ring. The requests between that one and the last request sent are in doubt: the
/// former broker may have applied them. The change ring decides:
///   applied        the reply is rebuilt from the ring's entries
///   not applied    the request is executed if it is still in the lane. If it is not (the former
///                  broker had refused it, or held a part of a large one), the client receives
///                  not_applied and can send the request again.
///   unknown        the ring does not reach back far enough: connection_lost
namespace ringside::broker {

Result<void> Engine::take_over(Survey&& survey, std::uint64_t now_ns) {
    grid_.begin_turn(now_ns);
    const Position tail = survey.tail;
    const Position head = survey.head;
    if (auto taken = grid_.take_over(std::move(survey)); !taken) return taken;
    applied_.collect(segment_, tail, head);
    std::set<SessionId> absent;
    for (std::uint32_t index = 0; index < limits::sessions_max; ++index) {
        const shm::SessionEntry& entry = segment_.session(index);
        // SYNC session-entry: pairs with Engine::open of the former broker; the entry is complete.
        const SessionId id = entry.id.load(std::memory_order_acquire);
        if (id == 0) continue;
        absent.insert(id);
        const std::uint64_t lease_ms =
            std::clamp(entry.lease_ms.load(std::memory_order_relaxed), limits::pin_lease_ms_default,
                       limits::pin_lease_ms_max);
        absent_.push_back({id, index, entry.pid.load(std::memory_order_relaxed), lease_ms,
                           now_ns + lease_ms * 1'000'000});
    }
    messaging_.take_over(absent, now_ns);
    sessions_total_ = segment_.header().counters.sessions_total.load(std::memory_order_relaxed);
    refused_ = segment_.header().counters.refused.load(std::memory_order_relaxed);
    return {};
}

std::optional<EndedSession> Engine::resume(std::unique_ptr<Session> session) {
    const auto place =
        std::find_if(absent_.begin(), absent_.end(), [&](const AbsentSession& absent) {
            return absent.id == session->id() && absent.index == session->index();
        });
    // An admin has closed a session whose `until_ns` is 0; its entry ends at the next review.
    if (place == absent_.end() || place->until_ns == 0) {
        return EndedSession{std::move(session),
                            Error(Errc::connection_lost, "the broker abandoned the session"), true};
    }
    const auto applied = [&](std::uint16_t lane) { return applied_.take(session->id(), lane); };
    if (!session->resume(applied, applied_.is_complete())) {
        // The session stays absent: its pins may be valid, and protect memory until its lease ends.
        return EndedSession{std::move(session),
                            Error(Errc::session_closed, "invalid state of the session's lanes"),
                            true};
    }
    absent_.erase(place);
    session->has_committed = true;  // under the former broker, for all that is known
    store_entry(*session);
    messaging_.resumed(*session, absent_.size(), now_ns_);
    enlist(std::move(session));
    return std::nullopt;
}

void Engine::review_absent(std::uint64_t now_ns,
                           const std::function<bool(std::uint32_t pid)>& lives, Outbox& outbox) {
    std::vector<SessionId> given_up;
    std::erase_if(absent_, [&](const AbsentSession& absent) {
        if (lives(absent.pid) && now_ns < absent.until_ns) return false;
        shm::SessionEntry& entry = segment_.session(absent.index);
        keep_identity(absent, now_ns);
        // From here on, no pin that the session could have set is valid.
        // SYNC pin-revoked: pairs with Attachment::revoked_below().
        entry.revoked_below.store(grid_.published() + 1, std::memory_order_seq_cst);
        // SYNC pin-revoked: pairs with Attachment::revoked_below().
        // SYNC session-entry: pairs with WriterDirectory::open_session, as W5 of
        // shm/ring/ended_writers.hpp: a reader that no longer finds the session finds its identity.
        entry.id.store(0, std::memory_order_seq_cst);
        // SYNC pin-revoked: pairs with the fence in Attachment::revoked_below(): stores into memory
        // that the pins protected come after the two stores above.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        outbox.freed_indices.push_back(absent.index);
        given_up.push_back(absent.id);
        return true;
    });
    for (const SessionId session : given_up) messaging_.given_up(session, absent_.size());
    if (absent_.empty()) applied_.clear();
}

/// The former broker knew whether the session has committed something. Its user is in its record.
void Engine::keep_identity(const AbsentSession& absent, std::uint64_t now_ns) const {
    const shm::SessionEntry& entry = segment_.session(absent.index);
    shm::EndedWriter writer{.session = absent.id,
                            .pid = absent.pid,
                            .uid = entry.uid.load(std::memory_order_relaxed),
                            .gid = entry.gid.load(std::memory_order_relaxed),
                            .opened_ns = entry.opened_ns.load(std::memory_order_relaxed),
                            .ended_ns = now_ns};
    writer.program = {entry.name.begin(), std::find(entry.name.begin(), entry.name.end(), '\0')};
    const std::string name = system_name::session(absent.id);
    const shm::RecordTableReader table(segment_);
    const shm::VersionBlock* record = table.find(name, table.hash(name));
    if (record != nullptr && !record->is_tombstone()) {
        const Value document = Value::of(record->document(), &segment_.pages());
        writer.user = document["user"].as_string().value_or(std::string_view());
    }
    shm::add_ended_writer(segment_, writer);
}

void Engine::collect_pins(std::vector<HeldPin>& out) const {
    for (const auto& session : sessions_) session->collect_pins(grid_.published(), out);
    constexpr std::uint32_t no_slot = ~0U;
    for (const AbsentSession& absent : absent_) {
        out.push_back({absent.index, no_slot, 0, absent.lease_ms, HeldPin::Owner::absent_session});
    }
    // SYNC store-reads-everything: E4, pairs with Recorder::write_everything.
    if (durability_->reads_everything.load(std::memory_order_seq_cst)) {
        out.push_back({no_slot, no_slot, 0, limits::pin_lease_ms_max, HeldPin::Owner::store});
    }
}

bool Engine::answer_doubtful(const Session& session, std::size_t lane_index, std::uint64_t until) {
    Lane& lane = *session.lanes()[lane_index];
    const InDoubt& doubt = *lane.in_doubt();
    for (std::uint64_t number = lane.last_number() + 1; number <= until; ++number) {
        if (!lane.can_answer()) return false;
        switch (doubt.fate_of(number)) {
            case InDoubt::Fate::applied:
                answer_applied(session, lane_index, *doubt.find(number));
                break;
            case InDoubt::Fate::not_applied:
                answer(lane, number, replies_.refused(number, Error(Errc::not_applied), 0));
                break;
            case InDoubt::Fate::unknown:
                answer(lane, number,
                       replies_.refused(number,
                                        Error(Errc::connection_lost,
                                              "unknown whether the former broker carried out the "
                                              "request; check its effect before you retry"),
                                        0));
                break;
        }
        lane.set_last_number(number);
    }
    return true;
}

void Engine::answer_applied(const Session& session, std::size_t lane_index,
                            const Applied& applied) {
    Lane& lane = *session.lanes()[lane_index];
    const auto versions = lane.in_doubt()->versions_of(applied);
    // Whether the client wanted durability is unknown: assume that it did.
    const bool may_wait = durability_->has_store() && !durability_->is_failing();
    answer(lane, applied.number, replies_.committed(applied.number, applied.revision, versions),
           may_wait ? applied.revision : 0);
}

}  // namespace ringside::broker
