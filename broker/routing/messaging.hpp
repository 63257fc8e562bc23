#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/routing/call_router.hpp"
#include "broker/routing/interest.hpp"
#include "broker/routing/presence.hpp"
#include "broker/routing/system_records.hpp"
#include "shm/document/value.hpp"

namespace ringside::broker {

/// Messaging between sessions: reads their declarations, routes calls and interest, and maintains
/// the records that describe them. Deterministic like the grid: the input is sessions, messages and
/// clock readings; the output is deliveries and commits.
/// Thread safety: the engine thread only.
class Messaging {
public:
    /// `touched`: collects the lanes that must be flushed.
    Messaging(const shm::SegmentView& segment, Grid& grid, std::vector<Lane*>& touched,
              MessagingOptions options);

    /// Adds a session. Its record follows later, unless it acts for a user: see `introduce`.
    void opened(const Session& session, std::uint64_t now_ns);
    /// Resumes a session of a former broker. `absent_left`: number of sessions still absent.
    void resumed(Session& session, std::size_t absent_left, std::uint64_t now_ns);
    /// Removes a session. Call it before the session's memory is released.
    void ended(Session& session, std::uint64_t now_ns);
    /// Abandons a session of a former broker that will not return.
    void given_up(SessionId session, std::size_t absent_left);

    /// Adopts the records of a former broker, whose sessions in `absent` might return.
    void take_over(const std::set<SessionId>& absent, std::uint64_t now_ns);

    /// Reads new declarations of the session, unless the last review was very recent.
    void review(Session& session, std::uint64_t now_ns);

    /// Handles a message from a lane. On success there is no immediate reply; an error is the
    /// reply.
    Result<void> serve(Session& session, std::uint32_t lane, std::uint64_t number,
                       const Message& message, std::uint64_t now_ns);

    /// Processes due work and waiting work, and writes pending system records.
    void turn(std::uint64_t now_ns);

    /// Returns whether a turn would do work now.
    [[nodiscard]] bool has_work() const { return interest_.has_work() || records_.has_work(); }
    /// Returns whether work waits for room whose release rings no doorbell.
    [[nodiscard]] bool is_held_up() const {
        return calls_.has_waiting() || interest_.has_waiting() || records_.is_held_up();
    }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept {
        const std::uint64_t introduction_ns =
            newcomers_.empty() ? ~std::uint64_t{0} : newcomers_.begin()->second.due_ns;
        return std::min({calls_.next_due_ns(), interest_.next_due_ns(), introduction_ns});
    }

    /// Moves the futex words on which clients sleep to `out`.
    void take_wakes(std::vector<const shm::HalfWord*>& out);
    void store_counters(shm::Counters& counters) const noexcept;

private:
    /// Returns the number of changes.
    std::size_t read_declarations(Session& session, std::uint64_t now_ns);
    void declare_first(Session& session, const Declarations::Change& change);
    void declare(Session& session, const Declarations::Change& change);
    void undeclare(const Session& session, const Declarations::Change& change,
                   std::uint64_t now_ns);
    void undeclare_provider(const Session& session, const Declarations::Change& change,
                            std::uint64_t now_ns);
    /// Writes the record of a session that has declared something or has lived for a while.
    void introduce(SessionId session);
    void introduce_due(std::uint64_t now_ns);
    void settle(Session& session, const Declarations::Change& change, Errc outcome);
    [[nodiscard]] Result<Pattern> check_provider(Session& session,
                                                 const shm::Declaration::Content& content) const;
    void note(SessionId session, std::string name, Bytes document);
    void drop(SessionId session, const std::string& name);
    void inherit(const shm::VersionBlock& record, const std::set<SessionId>& absent);
    void inherit_presence(const std::string& user, const Value& document,
                          const std::set<SessionId>& absent);

    shm::SegmentView segment_;
    SystemRecords records_;
    DeliveryWriter deliveries_;
    MessagingOptions options_;
    CallRouter calls_;
    InterestRouter interest_;
    Presence presence_;
    /// Records that end with their session, with the number of its declarations that need each one.
    std::map<SessionId, std::map<std::string, std::size_t>> records_of_;
    /// A session without a record so far.
    struct Newcomer {
        std::uint64_t due_ns = 0;
        Bytes document;
    };
    std::map<SessionId, Newcomer> newcomers_;  ///< in order of due times
    std::vector<const shm::HalfWord*> wakes_;
    std::size_t changes_read_ = 0;  ///< declarations, in this turn
};

}  // namespace ringside::broker
