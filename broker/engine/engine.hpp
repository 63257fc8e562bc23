#pragma once

#include <array>
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

/// A session that the engine has released, with the reason.
struct EndedSession {
    std::unique_ptr<Session> session;
    Error reason;              ///< Errc::ok if its process exited
    bool was_refused = false;  ///< never started: the resume failed
};

/// A session of the former broker that has not reconnected. The broker cannot know what its pins
/// protect.
struct AbsentSession {
    SessionId id = 0;
    std::uint32_t index = 0;
    std::uint32_t pid = 0;
    std::uint64_t lease_ms = 0;
    std::uint64_t until_ns = 0;  ///< end of its lease
};

/// Work that one engine turn leaves to threads that can make system calls.
struct Outbox {
    std::uint32_t subjects = 0;                ///< subjects of the changes that became visible
    std::uint32_t sleepers = 0;                ///< number of watchers asleep on those subjects
    bool are_sleepers_counted = true;          ///< false: too many sessions; ask the kernel
    std::vector<const shm::HalfWord*> wake;    ///< futex words in lanes on which clients sleep
    std::vector<EndedSession> ended;           ///< sessions that the engine has closed
    std::vector<std::uint32_t> freed_indices;  ///< entry indices of sessions that will not return
    bool is_durability_wanted = false;         ///< at least one reply waits for the disk

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
///   1  set the clock; expire records whose time to live ran out
///   2  process the declarations and requests of the active sessions, lane by lane, starting after
///      the session where the last turn started. Limits: `requests_per_lane` for a lane,
///      `requests_per_turn` for all lanes, and the work limit of a turn (see WorkShare).
///      Poll a few idle sessions.
///      Then queue the notifications for sessions, and write the records that mirror them.
///   3  publish: one store makes all commits of the turn visible
///   4  make replies visible: a client that reads a reply also sees its commit. Sessions that use
///      too much of the broker's memory give some back or are closed.
///   5  add the sleepers that this turn must wake to the outbox
/// The engine makes no system call, starts no thread and reads no clock. The broker feeds it with
/// lanes; tests feed it with any input. Thread safety: one thread.
class Engine {
public:
    static constexpr std::size_t requests_per_turn = 64;
    static constexpr std::size_t requests_per_lane = 16;
    /// Requests accepted from a session whose process has exited.
    static constexpr std::size_t last_requests = 1024;
    /// Idle sessions polled in a turn that follows a turn without requests.
    static constexpr std::size_t idle_looks_per_turn = 8;
    /// After this many requests, the engine polls one idle session. Polling a session that has been
    /// idle for long costs about as much as a request; this bounds the share of such polls. A
    /// request of one of n idle sessions waits for at most this many times n requests.
    static constexpr std::size_t requests_per_idle_look = 32;
    /// A session without requests in this many turns is idle.
    static constexpr std::uint64_t active_turns = 1024;
    /// Up to this many sessions, each publication counts the sleepers itself. With more sessions,
    /// it asks the kernel by waking one sleeper; the cost of that does not depend on the number of
    /// sessions.
    static constexpr std::size_t sleepers_counted_max = 64;
    /// Session entries in the segment that one housekeeping pass updates. With one pass per
    /// millisecond, all entries are updated within a quarter of a second.
    static constexpr std::size_t entries_per_housekeeping = limits::sessions_max / 256;
    /// Up to this many sessions, each housekeeping pass reclaims memory, which reads the pins of
    /// all sessions. With more sessions, the interval grows with their number.
    static constexpr std::size_t sessions_few = 256;
    static constexpr std::uint64_t reclaim_interval_per_session_ns = 20'000;
    /// Housekeeping passes from one count of each session's memory to the next: the count visits
    /// all sessions.
    static constexpr std::uint64_t housekeepings_per_limits = 128;

    /// `durability`: state of the grid's store. Without a store, no commit can be durable.
    Engine(
        const shm::SegmentView& segment, GridHost host, GridOptions options, Durability& durability,
        MessagingOptions messaging = {},
        const MemoryLimits& memory = MemoryLimits::of_total(limits::sessions_memory_bytes_default));

    /// The records. Used before the first turn to restore them.
    [[nodiscard]] Grid& grid() noexcept { return grid_; }

    void open(std::unique_ptr<Session> session, std::uint64_t now_ns);
    /// Takes over the grid and the sessions of a dead broker. Error: grid_full.
    Result<void> take_over(Survey&& survey, std::uint64_t now_ns);

    /// Resumes a session of the former broker. On failure, returns the session with the reason:
    /// connection_lost (too late, or no such session) or session_closed (protocol violation).
    std::optional<EndedSession> resume(std::unique_ptr<Session> session);

    /// Closes absent sessions whose process is dead or whose lease has ended.
    void review_absent(std::uint64_t now_ns, const std::function<bool(std::uint32_t pid)>& lives,
                       Outbox& outbox);
    [[nodiscard]] const std::vector<AbsentSession>& absent() const noexcept { return absent_; }

    /// Closes a session. Returns an empty pointer if the id is unknown.
    [[nodiscard]] std::unique_ptr<Session> close(SessionId id);
    /// Closes a session whose process has exited. Its last messages, such as answers to calls that
    /// it had taken, are still delivered.
    [[nodiscard]] std::unique_ptr<Session> leave(SessionId id);

    /// Runs one turn. Returns whether it did any work.
    bool turn(std::uint64_t now_ns, Outbox& outbox);

    /// Returns whether a turn would find work. The last check before the engine thread sleeps.
    [[nodiscard]] bool has_work();

    /// Returns whether requests or replies wait for a client to drain its reply ring.
    [[nodiscard]] bool is_held_up() const;

    /// Releases the replies that need to wait for the disk no longer.
    void deliver_held(Outbox& outbox);

    /// Reclaims memory and updates the counters and the sessions' lag in the segment.
    void housekeep(std::uint64_t now_ns);

    /// Time of the next timed work, in Unix ms. The largest value means: none.
    [[nodiscard]] std::uint64_t next_due_ms() const noexcept {
        return std::min(grid_.next_expiry_ms(), messaging_.next_due_ns() / 1'000'000);
    }
    [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
    /// Number of commits since the grid began, over all its brokers.
    [[nodiscard]] std::uint64_t commits() const noexcept { return grid_.commits(); }

private:
    void find_active();
    [[nodiscard]] std::size_t idle_looks() noexcept;
    [[nodiscard]] bool must_rest(const Session& session) const noexcept {
        return share_.must_rest(session.work);
    }
    void prefetch_idle(std::size_t looks) const noexcept;
    // Returns false if the lane broke the protocol; `violation_` has the reason.
    [[nodiscard]] bool drain(Session& session, std::size_t& budget);
    [[nodiscard]] bool drain(Session& session, std::size_t lane_index, std::size_t& budget);
    enum class Served { answered, again, broken };
    [[nodiscard]] Served serve(Session& session, std::size_t lane_index);
    [[nodiscard]] bool violates(const char* what);
    [[nodiscard]] std::optional<Served> settle_doubts(const Session& session,
                                                      std::size_t lane_index, std::uint64_t number);
    /// Returns whether a partial message may continue. False ends the session.
    [[nodiscard]] bool admit_part(const Session& session, Lane& lane);
    [[nodiscard]] Served serve_refusal(const Session& session, std::size_t lane_index);
    void bound_memory();
    void release_scratch();
    void refuse(Lane& lane, std::uint64_t number, const Error& error, std::size_t command);
    void count_refusal(Errc code) noexcept;
    /// Returns false if the request must be retried after the store has released memory.
    [[nodiscard]] bool reply_to(Session& session, std::size_t lane_index);
    /// Closes a session at the request of another one. Error: not_found.
    Result<void> order_closure(const Session& by, SessionId target);
    /// Turns the command into a write of the record that defines the index. Error: index_limit.
    Result<void> prepare_index_command(Command& command);
    /// Puts a reply into its lane after `wait_for` is on disk and after all replies queued before
    /// it.
    void answer(Lane& lane, std::uint64_t number, ByteView reply, Revision wait_for = 0);
    /// Answers the unanswered requests of the former broker up to this number. Returns false if the
    /// reply ring has no room now.
    [[nodiscard]] bool answer_doubtful(const Session& session, std::size_t lane_index,
                                       std::uint64_t until);
    void answer_applied(const Session& session, std::size_t lane_index, const Applied& applied);
    void collect_pins(std::vector<HeldPin>& out) const;
    void enlist(std::unique_ptr<Session> session);
    void list(Lane& lane);
    void release_held();
    void finish_turn(Outbox& outbox);
    void store_entry(const Session& session) const;
    void keep_identity(const Session& session) const;
    void keep_identity(const AbsentSession& absent, std::uint64_t now_ns) const;
    void store_some_entries();
    void store_memory_limits();
    void reclaim(std::uint64_t now_ns);

    shm::SegmentView segment_;
    Grid grid_;
    MemoryAccounts accounts_;  ///< must outlive the sessions
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<Session*> active_;
    std::size_t next_active_ = 0;
    std::size_t next_idle_ = 0;
    std::size_t next_stored_ = 0;  ///< session whose entry is updated next
    std::uint64_t reclaimed_ns_ = 0;
    std::uint64_t turns_ = 0;
    std::size_t requests_of_turn_ = 0;  ///< requests served in the last turn
    std::size_t requests_since_look_ = 0;
    WorkShare share_;
    std::uint64_t patch_steps_ = 0;  ///< of the current request
    DecodedRequest request_;
    std::string index_name_;  ///< of the current request
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
    /// How often each limit on memory was exceeded, by LimitKind.
    std::array<std::uint64_t, shm::limit_kinds> memory_excesses_{};
    std::uint64_t housekeepings_ = 0;
    std::uint64_t sessions_total_ = 0;
    std::vector<AbsentSession> absent_;
    AppliedCommits applied_;  ///< of absent sessions
};

}  // namespace ringside::broker
