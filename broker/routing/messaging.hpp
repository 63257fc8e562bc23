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

/// What sessions want of each other: reads their declarations, routes calls and interest, and keeps
/// the records that tell of all this. As deterministic as the grid: sessions, messages and clock
/// readings in; deliveries and commits out.
/// Thread safety: the engine thread only.
class Messaging {
public:
    /// `touched`: gets the lanes that are to be flushed.
    Messaging(const shm::SegmentView& segment, Grid& grid, std::vector<Lane*>& touched,
              MessagingOptions options);

    /// Its record comes later, unless it acts for a user: see `introduce`.
    void opened(const Session& session, std::uint64_t now_ns);
    /// Of a former broker. `absent_left`: how many are expected still.
    void resumed(Session& session, std::size_t absent_left, std::uint64_t now_ns);
    /// Before its memory goes.
    void ended(Session& session, std::uint64_t now_ns);
    /// A session of a former broker will not come back.
    void given_up(SessionId session, std::size_t absent_left);

    /// Goes on with the records of a former broker, of which these sessions may come back.
    void take_over(const std::set<SessionId>& absent, std::uint64_t now_ns);

    /// Reads what the session has declared since the last time, unless that was just now.
    void review(Session& session, std::uint64_t now_ns);

    /// A message that came out of a lane. Nothing to be replied to now, or an error.
    Result<void> serve(Session& session, std::uint32_t lane, std::uint64_t number,
                       const Message& message, std::uint64_t now_ns);

    /// What is due, what waits, and the records that are not yet as they should be.
    void turn(std::uint64_t now_ns);

    /// Whether a turn would do something now.
    [[nodiscard]] bool has_work() const { return interest_.has_work() || records_.has_work(); }
    /// Whether something waits for room that nobody rings a bell for.
    [[nodiscard]] bool is_held_up() const {
        return calls_.has_waiting() || interest_.has_waiting() || records_.is_held_up();
    }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept {
        const std::uint64_t introduction_ns =
            newcomers_.empty() ? ~std::uint64_t{0} : newcomers_.begin()->second.due_ns;
        return std::min({calls_.next_due_ns(), interest_.next_due_ns(), introduction_ns});
    }

    /// Words that clients sleep on; empties the list.
    void take_wakes(std::vector<const shm::HalfWord*>& out);
    void store_counters(shm::Counters& counters) const noexcept;

private:
    /// Returns how many have changed.
    std::size_t read_declarations(Session& session, std::uint64_t now_ns);
    void declare_first(Session& session, const Declarations::Change& change);
    void declare(Session& session, const Declarations::Change& change);
    void undeclare(const Session& session, const Declarations::Change& change,
                   std::uint64_t now_ns);
    void undeclare_provider(const Session& session, const Declarations::Change& change,
                            std::uint64_t now_ns);
    /// Writes the record of a session: it has declared something, or lives for a while.
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
    Post post_;
    MessagingOptions options_;
    CallRouter calls_;
    InterestRouter interest_;
    Presence presence_;
    /// Records that end with their session, and how many of its declarations each is there for.
    std::map<SessionId, std::map<std::string, std::size_t>> records_of_;
    /// A session that has no record yet.
    struct Newcomer {
        std::uint64_t due_ns = 0;
        Bytes document;
    };
    std::map<SessionId, Newcomer> newcomers_;  ///< in the order in which they are due
    std::vector<const shm::HalfWord*> wakes_;
    std::size_t changes_read_ = 0;  ///< declarations, in this turn
};

}  // namespace ringside::broker
