#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "broker/engine/grid.hpp"
#include "broker/routing/call_router.hpp"
#include "broker/routing/system_records.hpp"
#include "broker/routing/watch_registry.hpp"

namespace ringside::broker {

/// Asks listeners to provide the names that are watched, and only those.
///
/// A subject is a name that has at least one listener and meets one of these conditions:
///   - it is watched by name
///   - it is watched by pattern, and a record of that name exists
///   - it is watched by pattern, and was watched by name before: its listener must not stop because
///     one of two watchers left
/// A subject is in one of these states:
///   free      no listener provides it, and none is asked
///   asked     one listener was asked and has not answered
///   provided  by one listener
/// A name stops being a subject when it meets none of the conditions, or has no listener. The
/// listener that is asked for it or provides it is notified. Listeners are asked one at a time. If
/// none accepts a subject, they are asked again, one at a time, after `rematch_ns`.
///
/// Three long operations run in slices: searching the names of a new pattern, reviewing all
/// subjects after a pattern was removed, and asking again. Each turn runs one slice of each
/// operation; of several searches, one continues. Each pattern has at most one search as a watched
/// pattern, and one as a listened pattern. A search is cancelled when the last declaration of its
/// pattern is removed. So pending work is bounded by the number of declarations, however often they
/// change.
///
/// A subject is charged to the session whose listener is asked for it or provides it. A listener
/// whose session has no room for the charge is not asked, except the former provider.
///
/// Invariant: at most one listener is asked for a subject or provides it, and
/// `$sys/provided/SUBJECT` names the listener that provides it. After a take-over, those records
/// name the former provider of each subject. Until the session of that listener has resumed or was
/// abandoned, the subject stays free, and no other listener is asked. The former provider is asked
/// first. The former broker may also have died after it asked a listener and before it wrote the
/// record. That listener may provide the subject although no record names it. Therefore each
/// listener receives `renewed` once all sessions have resumed or were abandoned, and all searches
/// are complete. The listener must then stop providing each subject for which this broker has not
/// asked it.
/// Thread safety: the engine thread only.
class InterestRouter {
public:
    InterestRouter(const shm::SegmentView& segment, Grid& grid, DeliveryWriter& deliveries,
                   SystemRecords& records, MessagingOptions options);

    void watch(const Pattern& pattern);
    void unwatch(const Pattern& pattern);

    void listen(Session& session, const Declarations::Change& declared, Pattern pattern);
    void withdraw(const Session& session, std::uint32_t place);
    void end(const Session& session);

    void accept(const Session& listener, std::uint64_t id);
    /// Returns false if the id is not a subject of this listener.
    bool reject(const Session& listener, std::uint64_t id);

    /// Starts after a former broker. Messages with that broker's ids match no subject.
    void begin(std::uint64_t now_ns) noexcept { last_id_ = first_id + now_ns / 1000; }
    /// The former provider of a subject, under the previous broker.
    struct Heir {
        SessionId session = 0;
        std::uint64_t declaration = 0;  ///< number of the declaration that provided it
    };
    void inherit(std::string subject, Heir heir);
    /// Abandons a session that will not return.
    void give_up(SessionId session);
    /// Handles a returned session that has declared its current listeners.
    void come_back(const Session& session);
    /// Ends the inheritance: no session can resume now. Takes effect after the running searches.
    void end_inheritance() noexcept { is_inheritance_over_ = true; }

    /// Processes due subjects, and searches for records that match watched patterns.
    void turn(std::uint64_t now_ns);

    [[nodiscard]] const ProviderRegistry& listeners() const noexcept { return listeners_; }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept { return due_.next_ns(); }
    [[nodiscard]] bool has_work() const noexcept {
        return !searches_.empty() || review_.has_value() || is_inheritance_over_ ||
               !to_ask_.empty();
    }
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
    [[nodiscard]] std::size_t searches() const noexcept { return searches_.size(); }
    [[nodiscard]] std::size_t provided() const noexcept { return provided_; }
    [[nodiscard]] std::size_t subjects() const noexcept { return subjects_.size(); }
    [[nodiscard]] std::size_t subject_bytes() const noexcept { return subject_bytes_; }
    /// Number of times that a name got no provider because of the limits on subjects.
    [[nodiscard]] std::uint64_t subjects_refused() const noexcept { return subjects_refused_; }

    struct Subject {
        enum class State { free, asked, provided };
        std::string name;
        std::uint64_t id = 0;  ///< in `by_id_`; 0: free, with nothing due
        State state = State::free;
        bool was_watched_by_name = false;
        Provider* listener = nullptr;
        std::vector<std::uint64_t> passed;  ///< listeners that rejected it
    };

private:
    enum class Side { watched, listened };
    /// A search for the names of a pattern. Each phase continues after the last name.
    struct Search {
        enum class Phase { watched_names, subjects, records };
        Pattern pattern;
        Side side = Side::watched;
        Phase phase = Phase::records;
        std::optional<std::string> prefix;  ///< of the records; none: not determined yet
        std::string after;                  ///< last name visited; "" = none yet
    };
    using SearchKey = std::pair<std::string, Side>;
    /// A review of all subjects in order, with wrap-around, which ends at `until`. The removal of a
    /// pattern sets `until` to the current name (`after`), so that one full round follows.
    struct Review {
        std::string after;
        std::string until;
        bool is_around = false;  ///< wrapped around at the end of the list
    };
    struct Choice {
        Provider* listener = nullptr;
        bool is_crowded = false;   ///< a listener exists, but its lane is full
        bool is_at_limit = false;  ///< a listener exists, but its session has no memory left
        bool has_to_wait = false;  ///< the former provider might return
    };
    /// Ordered, so that a search or review can resume at a name.
    using Subjects = std::map<std::string, Subject>;

    static constexpr std::uint64_t first_id = 1ULL << 62;  ///< outside the range of call ids
    /// Names visited in one turn, for each of searching, reviewing and asking again.
    static constexpr std::size_t names_per_turn = 64;

    [[nodiscard]] bool is_wanted(const std::string& name) const;
    void on_existence(std::string_view name, bool is_there);
    void begin_search(const Pattern& pattern, Side side);
    void continue_search();
    // Each visits some names. Returns false if no names are left.
    [[nodiscard]] bool search_on(Search& search, std::vector<std::string>& found) const;
    [[nodiscard]] bool search_records(Search& search, std::vector<std::string>& found) const;
    template <class Names>
    [[nodiscard]] static bool search_names(const Names& names, Search& search,
                                           std::vector<std::string>& found);
    [[nodiscard]] std::optional<std::string> record_prefix(const Search& search) const;
    void add(std::string_view name);
    void review(const std::string& name);
    void review_all(const Pattern& pattern);
    void continue_review();
    void ask_again();
    void settle_inheritance();
    void ask(Subject& subject);
    [[nodiscard]] Choice choose(const Subject& subject) const;
    void pass_by(Subject& subject, bool is_told);
    void take_away(Subject& subject, bool is_told);
    void forget_passed(Subject& subject);
    void lose(Provider& listener);
    void give_up_if(const std::function<bool(const Heir&)>& is_given_up);
    void set_due(Subject& subject, std::uint64_t after_ns);
    void forget_id(Subject& subject);
    void look_at(Subject& subject);
    void tell(wire::DeliveryKind kind, const Provider& listener, std::uint64_t id,
              std::string_view subject);
    [[nodiscard]] Subject* asked_of(const Session& listener, std::uint64_t id);

    shm::SegmentView segment_;
    Grid* grid_;
    DeliveryWriter* deliveries_;
    SystemRecords* records_;
    MessagingOptions options_;
    std::uint64_t now_ns_ = 0;
    WatchRegistry watches_;
    ProviderRegistry listeners_;
    Subjects subjects_;
    std::unordered_map<std::uint64_t, Subject*> by_id_;
    std::map<std::string, Heir> inherited_;  ///< in order: subjects are asked for in it
    DueQueue due_;
    std::map<SearchKey, Search> searches_;
    SearchKey last_searched_;
    std::optional<Review> review_;
    std::map<std::string, std::size_t> listened_;  ///< wildcards, with listener counts
    std::map<std::uint64_t, std::set<std::string_view>> subjects_of_;  ///< by the listener's id
    std::set<std::string> waiting_;  ///< subjects whose listeners have no room now
    std::string last_waiting_;       ///< last one whose listeners were asked again
    std::set<std::string> to_ask_;   ///< subjects whose listener was lost
    std::string last_asked_again_;   ///< last one of them whose listeners were asked again
    std::size_t subject_bytes_ = 0;  ///< with their lists of listeners that rejected them
    std::uint64_t subjects_refused_ = 0;
    bool is_inheritance_over_ = false;
    std::uint64_t last_id_ = first_id;
    std::uint64_t asked_ = 0;
    std::size_t provided_ = 0;
};

}  // namespace ringside::broker
