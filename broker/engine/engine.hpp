#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "broker/engine/applied_commits.hpp"
#include "broker/engine/grid.hpp"
#include "broker/engine/survey.hpp"
#include "broker/routing/messaging.hpp"
#include "broker/session/decode.hpp"
#include "broker/session/session.hpp"
#include "broker/store/durability.hpp"
#include "shm/protocol/reply.hpp"

namespace ringside::broker {

/// A session that the engine has let go of, and why.
struct EndedSession {
    std::unique_ptr<Session> session;
    Error reason;              ///< Errc::ok: its process has gone
    bool was_refused = false;  ///< it has not begun: it could not be resumed
};

/// A session of a former broker that has not come back: what its pins protect is not known.
struct AbsentSession {
    SessionId id = 0;
    std::uint32_t index = 0;
    std::uint32_t pid = 0;
    std::uint64_t lease_ms = 0;
    std::uint64_t until_ns = 0;  ///< when its lease is over
};

/// What a turn of the engine wants done by those who may make system calls.
struct Outbox {
    std::uint32_t subjects = 0;                ///< of the changes that became visible
    std::uint32_t sleepers = 0;                ///< watchers that sleep for one of them
    bool are_sleepers_counted = true;          ///< false: too many sessions to look; ask the kernel
    std::vector<const shm::HalfWord*> wake;    ///< words that clients sleep on in their lanes
    std::vector<EndedSession> ended;           ///< sessions that the engine has closed
    std::vector<std::uint32_t> freed_indices;  ///< of sessions that will not come back
    bool is_durability_wanted = false;         ///< somebody waits for the disk

    void clear() noexcept {
        subjects = 0;
        sleepers = 0;
        are_sleepers_counted = true;
        wake.clear();
        ended.clear();
        freed_indices.clear();
        is_durability_wanted = false;
    }
};

/// Serves the lanes of all sessions: takes requests, commits them, publishes, replies.
///
/// One turn:
///   1  the clock; records whose time to live ran out
///   2  declarations and requests of the active sessions, lane by lane, at most `requests_per_lane`
///      of one and `requests_per_turn` of all, and no more once they have cost what a turn may (see
///      WorkShare), beginning behind the session where the last turn began; and a look at a few
///      sessions that are idle;
///      then what sessions are to be told, and the records that tell of them
///   3  publish: all commits of the turn become visible by one store
///   4  replies become visible: who reads one sees its commit; sessions that take too much of the
///      broker's memory give way
///   5  who sleeps for any of this is put into the outbox
/// It makes no system call, has no thread and no clock of its own: the broker drives it with lanes,
/// the tests with whatever they like. Thread safety: one thread.
class Engine {
public:
    static constexpr std::size_t requests_per_turn = 64;
    static constexpr std::size_t requests_per_lane = 16;
    /// Of a session whose process has gone.
    static constexpr std::size_t last_requests = 1024;
    /// Of the sessions that are idle, in a turn that comes after one without requests.
    static constexpr std::size_t idle_looks_per_turn = 8;
    /// After requests, there is one look for so many of them: a look at a session that nobody has
    /// touched for long costs about as much as a request, so that looks take a small part of the
    /// time. A request of one of n idle sessions waits for this many times n requests at most.
    static constexpr std::size_t requests_per_idle_look = 32;
    /// A session that asks for nothing in so many turns is idle.
    static constexpr std::uint64_t active_turns = 1024;
    /// Up to so many sessions, each publication looks which of them sleep for it. Beyond, the
    /// kernel is asked by a wake of one sleeper: what that costs does not depend on their number.
    static constexpr std::size_t sleepers_counted_max = 64;
    /// Sessions whose entry in the segment one housekeeping brings up to date: with one each
    /// millisecond, all of them within a quarter of a second.
    static constexpr std::size_t entries_per_housekeeping = limits::sessions_max / 256;
    /// Up to so many sessions, each housekeeping takes memory back, for which it reads the pins of
    /// all. Beyond, it does so the less often the more there are.
    static constexpr std::size_t sessions_few = 256;
    static constexpr std::uint64_t reclaim_interval_per_session_ns = 20'000;

    /// `durability`: of the grid's store; without one, nothing can be durable.
    Engine(
        const shm::SegmentView& segment, GridHost host, GridOptions options, Durability& durability,
        MessagingOptions messaging = {},
        const MemoryLimits& memory = MemoryLimits::of_total(limits::sessions_memory_bytes_default));

    /// The records, before the first turn: for restoring them.
    [[nodiscard]] Grid& grid() noexcept { return grid_; }

    void open(std::unique_ptr<Session> session, std::uint64_t now_ns);
    /// Goes on with the grid and the sessions of a broker that is dead. Error: grid_full.
    Result<void> take_over(Survey&& survey, std::uint64_t now_ns);

    /// Takes a session of the former broker back. Otherwise gives it back with the reason:
    /// connection_lost (it is too late, or there was none), session_closed (it breaks the
    /// protocol).
    std::optional<EndedSession> resume(std::unique_ptr<Session> session);

    /// Gives up sessions that have not come back: their process is dead, or their lease is over.
    void review_absent(std::uint64_t now_ns, const std::function<bool(std::uint32_t pid)>& lives,
                       Outbox& outbox);
    [[nodiscard]] const std::vector<AbsentSession>& absent() const noexcept { return absent_; }

    /// Null when there is none of that id.
    [[nodiscard]] std::unique_ptr<Session> close(SessionId id);
    /// The same for one whose process has gone: what it has said to others as the last thing, the
    /// answers to calls that it had taken, still reaches them.
    [[nodiscard]] std::unique_ptr<Session> leave(SessionId id);

    /// Whether it did anything.
    bool turn(std::uint64_t now_ns, Outbox& outbox);

    /// Whether a turn would find something to do. For the last look before sleeping.
    [[nodiscard]] bool has_work();

    /// Whether requests or replies wait for a client to drain its replies.
    [[nodiscard]] bool is_held_up() const;

    /// Gives the replies that wait for the disk to those that waited long enough.
    void deliver_held(Outbox& outbox);

    /// Takes memory back, and shows counters and the sessions' lag in the segment.
    void housekeep(std::uint64_t now_ns);

    /// When something is to be done that nobody asks for, Unix ms; the largest value: never.
    [[nodiscard]] std::uint64_t next_due_ms() const noexcept {
        return std::min(grid_.next_expiry_ms(), messaging_.next_due_ns() / 1'000'000);
    }
    [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }

private:
    void find_active();
    [[nodiscard]] std::size_t idle_looks() noexcept;
    [[nodiscard]] bool must_rest(const Session& session) const noexcept {
        return share_.must_rest(session.work);
    }
    void prefetch_idle(std::size_t looks) const noexcept;
    // False: the lane broke the protocol, for the reason in `violation_`.
    [[nodiscard]] bool drain(Session& session, std::size_t& budget);
    [[nodiscard]] bool drain(Session& session, std::size_t lane_index, std::size_t& budget);
    enum class Served { answered, again, broken };
    [[nodiscard]] Served serve(Session& session, std::size_t lane_index);
    [[nodiscard]] bool violates(const char* what);
    [[nodiscard]] std::optional<Served> settle_doubts(const Session& session,
                                                      std::size_t lane_index, std::uint64_t number);
    /// Whether a part of a message may be followed by more. False: it ends the session.
    [[nodiscard]] bool admit_part(const Session& session, Lane& lane);
    [[nodiscard]] Served serve_refusal(const Session& session, std::size_t lane_index);
    void bound_memory();
    void refuse(Lane& lane, std::uint64_t number, const Error& error, std::size_t command);
    void count_refusal(Errc code) noexcept;
    /// False: the request is to be tried again, when the store has let go of memory.
    [[nodiscard]] bool reply_to(Session& session, std::size_t lane_index);
    /// Makes the command one for the record that defines an index. Error: index_limit.
    Result<void> prepare_index_command(Command& command);
    /// Puts a reply into its lane, once `wait_for` is on disk, and behind those that wait.
    void answer(Lane& lane, std::uint64_t number, ByteView reply, Revision wait_for = 0);
    /// Answers requests of a former broker that are not answered yet, up to this number. False:
    /// there is no room for more replies now.
    [[nodiscard]] bool answer_doubtful(const Session& session, std::size_t lane_index,
                                       std::uint64_t until);
    void answer_applied(const Session& session, std::size_t lane_index, const Applied& applied);
    void collect_pins(std::vector<HeldPin>& out) const;
    void enlist(std::unique_ptr<Session> session);
    void list(Lane& lane);
    void release_held();
    void finish_turn(Outbox& outbox);
    void store_entry(const Session& session) const;
    void store_some_entries();
    void reclaim(std::uint64_t now_ns);

    shm::SegmentView segment_;
    Grid grid_;
    MemoryAccounts accounts_;  ///< outlives the sessions
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<Session*> active_;
    std::size_t next_active_ = 0;
    std::size_t next_idle_ = 0;
    std::size_t next_stored_ = 0;  ///< session whose entry is brought up to date next
    std::uint64_t reclaimed_ns_ = 0;
    std::uint64_t turns_ = 0;
    std::size_t requests_of_turn_ = 0;  ///< of the last one
    std::size_t requests_since_look_ = 0;
    WorkShare share_;
    std::uint64_t patch_steps_ = 0;  ///< of the request under way
    DecodedRequest request_;
    std::string index_name_;  ///< of the request under way
    Bytes index_document_;
    shm::ReplyWriter replies_;
    std::vector<Version> versions_;
    std::vector<Lane*> touched_;
    Messaging messaging_;
    std::uint64_t now_ns_ = 0;
    std::vector<Lane*> holding_;  ///< lanes with replies that wait for the disk
    Durability* durability_;
    Error violation_;
    std::vector<std::pair<SessionId, Error>> violators_;
    std::uint64_t refused_ = 0;
    std::uint64_t memory_refusals_ = 0;
    std::uint64_t memory_closures_ = 0;
    std::uint64_t sessions_total_ = 0;
    std::vector<AbsentSession> absent_;
    AppliedCommits applied_;  ///< of absent sessions
};

}  // namespace ringside::broker
