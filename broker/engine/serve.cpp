#include <cassert>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/routing/system_document.hpp"
#include "shm/name/system_name.hpp"

/// Serves the requests of the lanes: takes them, commits them, and queues their replies.
namespace ringside::broker {

bool Engine::drain(Session& session, std::size_t& budget) {
    const std::size_t lanes = session.lanes().size();
    for (std::size_t i = 0; i < lanes && budget > 0; ++i) {
        if (share_.is_turn_over() || must_rest(session)) break;
        const std::size_t lane = session.next_lane;
        session.next_lane = lane + 1 == lanes ? 0 : lane + 1;
        if (!drain(session, lane, budget)) return false;
    }
    return true;
}

bool Engine::drain(Session& session, std::size_t lane_index, std::size_t& budget) {
    Lane& lane = *session.lanes()[lane_index];
    if (lane.has_only_doubts() && answer_doubtful(session, lane_index, lane.in_doubt()->until())) {
        lane.end_doubt();
        list(lane);
    }
    if (!session.is_ready(lane_index)) {
        return !lane.is_broken() || violates("invalid index of a reply ring");
    }
    if (lane.has_pending()) lane.send_pending();
    lane.bring_kept();
    for (std::size_t i = 0; i < requests_per_lane && budget > 0; ++i) {
        if (grid_.must_wait_for_store() || share_.is_turn_over() || must_rest(session)) break;
        const Lane::Taken taken = session.take_frame(lane_index);
        if (taken == Lane::Taken::nothing) break;
        --budget;
        if (taken == Lane::Taken::part) {
            if (!admit_part(session, lane)) return false;
            continue;
        }
        if (taken == Lane::Taken::broken) {
            violation_ = lane.fault();
            return false;
        }
        // The cache misses for the next record overlap with decoding this request and the next.
        const std::uint32_t hint = lane.next_hint();
        const shm::RecordTableReader table(segment_);
        if (hint != 0) table.prefetch_entry_of(hint);
        const Served served = taken == Lane::Taken::refused ? serve_refusal(session, lane_index)
                                                            : serve(session, lane_index);
        if (hint != 0) table.prefetch_candidate_of(hint);
        share_.spend(session.work, lane.message().size(), std::exchange(patch_steps_, 0));
        release_scratch();
        if (served == Served::again) {
            lane.keep_message();
            break;
        }
        session.forget_message(lane_index);
        if (served == Served::broken) return false;
    }
    list(lane);
    return true;
}

/// Releases the lists of a large transaction.
void Engine::release_scratch() {
    constexpr std::size_t commands_kept_max = 4096;
    if (request_.commands.capacity() > commands_kept_max)
        std::vector<Command>().swap(request_.commands);
    if (versions_.capacity() > commands_kept_max) std::vector<Version>().swap(versions_);
}

void Engine::list(Lane& lane) {
    if (!lane.is_touched || lane.is_listed) return;
    lane.is_listed = true;
    touched_.push_back(&lane);
}

bool Engine::violates(const char* what) {
    violation_ = Error(Errc::bad_request, what);
    return false;
}

Engine::Served Engine::serve(Session& session, std::size_t lane_index) {
    Lane& lane = *session.lanes()[lane_index];
    const auto decoded = decode(lane.message(), grid_.changes_max(), request_);
    if (!decoded && decoded.error().breaks_protocol) {
        violation_ = decoded.error().error;
        return Served::broken;
    }
    // Replies keep the order of requests, whatever the outcome of this one.
    if (const auto served = settle_doubts(session, lane_index, request_.number)) return *served;
    if (decoded) {
        if (!reply_to(session, lane_index)) return Served::again;
    } else {
        refuse(lane, request_.number, decoded.error().error, decoded.error().command);
    }
    lane.set_last_number(request_.number);
    ++session.requests;
    return Served::answered;
}

/// Advances a lane until its request `number` is the next one to be answered. Returns none on
/// success; otherwise returns the outcome of the request.
std::optional<Engine::Served> Engine::settle_doubts(const Session& session, std::size_t lane_index,
                                                    std::uint64_t number) {
    Lane& lane = *session.lanes()[lane_index];
    // Two causes are possible. The reply was in the ring before the former broker released the
    // request. Or the client repeated the request because the former broker might have received a
    // part of it.
    const bool is_old = number <= lane.last_number();
    if (is_old && lane.was_resumed()) return Served::answered;
    if (const InDoubt* doubt = lane.in_doubt()) {
        const std::uint64_t before = std::min(number - 1, doubt->until());
        if (!answer_doubtful(session, lane_index, before)) return Served::again;
        const bool is_doubtful = number <= doubt->until();
        if (is_doubtful && doubt->had_its_turn(number)) {
            return answer_doubtful(session, lane_index, number) ? Served::answered : Served::again;
        }
        if (!is_doubtful) lane.end_doubt();
    }
    if (!is_old) return std::nullopt;
    violation_ = Error(Errc::bad_request, "request numbers do not increase");
    return Served::broken;
}

/// Refuses multi-frame messages of roles that cannot write before the broker buffers more of them.
bool Engine::admit_part(const Session& session, Lane& lane) {
    if (!lane.has_part() || session.peer().access.may_write_something()) return true;
    return lane.refuse_message(Errc::permission_denied) || violates("malformed start of a request");
}

Engine::Served Engine::serve_refusal(const Session& session, std::size_t lane_index) {
    Lane& lane = *session.lanes()[lane_index];
    const Lane::RefusedMessage refused = lane.refusal();
    if (const auto served = settle_doubts(session, lane_index, refused.number)) return *served;
    refuse(lane, refused.number, Error(refused.why), 0);
    lane.set_last_number(refused.number);
    return Served::answered;
}

void Engine::refuse(Lane& lane, std::uint64_t number, const Error& error, std::size_t command) {
    count_refusal(error.code);
    answer(lane, number, replies_.refused(number, error, command));
}

void Engine::count_refusal(Errc code) noexcept {
    ++refused_;
    const auto number = static_cast<std::size_t>(code);
    assert(number < limits::refusal_codes);
    shm::Word& count = segment_.header().counters.refused_by_code[number];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Engine::answer(Lane& lane, std::uint64_t number, ByteView reply, Revision wait_for) {
    const bool waits = wait_for > durability_->durable.load(std::memory_order_relaxed);
    if (!waits && !lane.holds()) return lane.answer(number, reply);
    if (!lane.holds()) holding_.push_back(&lane);
    lane.hold(waits ? wait_for : 0, number, reply);
    // SYNC durable-wanted: pairs with Recorder::record_batch.
    if (waits) durability_->wanted.store(wait_for, std::memory_order_release);
}

bool Engine::reply_to(Session& session, std::size_t lane_index) {
    Lane& lane = *session.lanes()[lane_index];
    const auto refuse_it = [&](const Error& error, std::size_t command) {
        refuse(lane, request_.number, error, command);
        return true;
    };
    if (request_.message) {
        const auto served = messaging_.serve(session, static_cast<std::uint32_t>(lane_index),
                                             request_.number, *request_.message, now_ns_);
        if (!served) return refuse_it(served.error(), 0);
        answer(lane, request_.number, {});
        return true;
    }
    for (std::size_t i = 0; i < request_.commands.size(); ++i) {
        if (!session.peer().access.may(request_.commands[i])) {
            return refuse_it(Error(Errc::permission_denied, std::string(request_.commands[i].name)),
                             i);
        }
    }
    if (request_.commands.size() == 1 &&
        request_.commands.front().kind == wire::CommandKind::compact) {
        grid_.compact();
        answer(lane, request_.number, replies_.committed(request_.number, grid_.published(), {}));
        return true;
    }
    if (request_.commands.front().kind == wire::CommandKind::close_session) {
        const auto target = static_cast<SessionId>(request_.commands.front().expected);
        if (auto ordered = order_closure(session, target); !ordered) {
            return refuse_it(ordered.error(), 0);
        }
        answer(lane, request_.number, replies_.committed(request_.number, grid_.published(), {}));
        return true;
    }
    if (is_of_grid(request_.commands.front().kind)) {
        if (auto ready = prepare_index_command(request_.commands.front()); !ready) {
            return refuse_it(ready.error(), 0);
        }
    }
    if (request_.durable && !durability_->has_store())
        return refuse_it(Error(Errc::memory_only), 0);
    if (durability_->is_failing()) {
        return refuse_it(Error(Errc::read_only, durability_->reason()), 0);
    }
    const Origin origin{session.id(), static_cast<std::uint16_t>(lane_index), request_.number};
    lane.begin(request_.number);
    const auto revision = grid_.commit(request_.commands, origin, versions_);
    patch_steps_ = grid_.patch_steps();
    if (!revision) {
        const Refusal& refusal = revision.error();
        if (refusal.error == Errc::grid_full && grid_.store_holds_memory()) return false;
        return refuse_it(refusal.error, refusal.command);
    }
    session.has_committed = true;
    answer(lane, request_.number, replies_.committed(request_.number, *revision, versions_),
           request_.durable ? *revision : 0);
    return true;
}

/// The session ends with this turn, after its replies are visible. A session of the former broker
/// that has not resumed ends at the next review.
Result<void> Engine::order_closure(const Session& by, SessionId target) {
    for (AbsentSession& absent : absent_) {
        if (absent.id != target) continue;
        absent.until_ns = 0;
        return {};
    }
    const bool is_open = std::any_of(sessions_.begin(), sessions_.end(),
                                     [target](const auto& one) { return one->id() == target; });
    if (!is_open) return Error(Errc::not_found, "session " + std::to_string(target));
    violators_.emplace_back(
        target, Error(Errc::session_closed, "session " + std::to_string(target) +
                                                " was closed at the request of session " +
                                                std::to_string(by.id()) + " (" + by.peer().program +
                                                ", " + by.peer().credentials.text() + ")"));
    return {};
}

/// An index is created and removed together with the record that defines it.
Result<void> Engine::prepare_index_command(Command& command) {
    const bool is_new = command.kind == wire::CommandKind::add_index;
    index_name_ = system_name::index(command.name, command.pointer);
    index_document_ = document_of_index(command.name, command.pointer);
    if (is_new && !grid_.has(index_name_) && !grid_.has_room_for_index()) {
        return Error(Errc::index_limit, std::to_string(limits::indexes_max));
    }
    command = {};
    command.name = index_name_;
    if (is_new) command.document = index_document_;
    else command.kind = wire::CommandKind::remove;
    return {};
}

void Engine::release_held() {
    if (holding_.empty()) return;
    const bool is_failing = durability_->is_failing();
    // SYNC durable-revision: pairs with Recorder::show_durable.
    const Revision durable = durability_->durable.load(std::memory_order_acquire);
    const auto refuse = [&](std::uint64_t number) {
        count_refusal(Errc::not_durable);
        return replies_.refused(number, Error(Errc::not_durable, durability_->reason()), 0);
    };
    std::erase_if(holding_, [&](Lane* lane) {
        if (is_failing) lane->give_up_held(durable, refuse);
        else lane->release_held(durable);
        list(*lane);
        return !lane->holds();
    });
}

}  // namespace ringside::broker
