#pragma once

#include <deque>
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
#include "broker/routing/watch_book.hpp"

namespace ringside::broker {

/// Asks listeners to provide what is watched, and only that.
///
/// A subject is a name for which there is a listener, and that is watched by name, or that a
/// watched pattern matches while there is a record of that name, or that was watched by name and
/// still is by a pattern. It is
///   free      no listener wants it (any more)
///   asked     one listener was asked and has not said anything yet
///   provided  by one listener
/// It ends when it is watched by nobody, and its listener is told so. Where no listener wants it,
/// all of them are asked again a while later.
///
/// What can be long is done in slices, one a turn: the search for the names of a pattern that is
/// new, the review of the subjects after a pattern has gone, and asking again. There is at most one
/// search for a pattern, and it ends with the last declaration of the pattern; so the work that is
/// under way is bounded by what is declared, however often that changes.
///
/// Invariant: at most one listener is asked for a subject or provides it, and
/// `$sys/provided/SUBJECT` says which one does. After a take-over those records tell who provided
/// what: such a listener is asked first, and where it has not come back yet, nobody is until it
/// has, or is given up. No record tells who was asked and had not accepted yet. So once all are
/// back, and all those searches are over, each listener is told `renewed`: what it was asked for
/// before the take-over, and not again since, it is to provide no longer.
/// Thread safety: the engine thread only.
class InterestRouter {
public:
    InterestRouter(const shm::SegmentView& segment, Grid& grid, Post& post, SystemRecords& records,
                   MessagingOptions options);

    void watch(const Pattern& pattern);
    void unwatch(const Pattern& pattern);

    void listen(Session& session, const Declarations::Change& declared, Pattern pattern);
    void withdraw(const Session& session, std::uint32_t place);
    void end(const Session& session);

    void accept(const Session& listener, std::uint64_t id);
    /// False: the id is none of this listener's subjects.
    bool reject(const Session& listener, std::uint64_t id);

    /// After a broker before: what is said of its ids finds nothing.
    void begin(std::uint64_t now_ns) noexcept { last_id_ = first_id + now_ns / 1000; }
    /// Whoever provided a subject for the former broker.
    struct Heir {
        SessionId session = 0;
        std::uint64_t declaration = 0;  ///< of the session's: by which it did
    };
    void inherit(std::string subject, Heir heir);
    /// That session will not come back.
    void give_up(SessionId session);
    /// It has, and has declared what it listens to now.
    void come_back(const Session& session);
    /// No session is expected to resume. Takes effect when the searches under way are over.
    void end_inheritance() noexcept { is_inheritance_over_ = true; }

    /// Looks at what is due, and for records that are watched by pattern.
    void turn(std::uint64_t now_ns);

    [[nodiscard]] const ProviderBook& listeners() const noexcept { return listeners_; }
    [[nodiscard]] std::uint64_t next_due_ns() const noexcept { return due_.next_ns(); }
    [[nodiscard]] bool has_work() const noexcept {
        return !searches_.empty() || review_.has_value() || is_inheritance_over_ ||
               !to_ask_.empty();
    }
    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }
    [[nodiscard]] std::size_t searches() const noexcept { return searches_.size(); }
    [[nodiscard]] std::size_t provided() const noexcept { return provided_; }

    struct Subject {
        enum class State { free, asked, provided };
        std::string name;
        std::uint64_t id = 0;  ///< in `by_id_`; 0: free, and nothing is due for it
        State state = State::free;
        bool was_watched_by_name = false;
        Provider* listener = nullptr;
        std::vector<std::uint64_t> passed;  ///< listeners that did not want it
    };

private:
    enum class Side { watched, listened };
    /// Names of a pattern to be looked for, each kind from a name on.
    struct Search {
        enum class Phase { watched_names, subjects, records };
        Pattern pattern;
        Side side = Side::watched;
        Phase phase = Phase::records;
        std::optional<std::string> prefix;  ///< of the records; none: not known yet
        std::string after;                  ///< the last name looked at; "" = none yet
    };
    using SearchKey = std::pair<std::string, Side>;
    /// Subjects to be reviewed, all of them from a name on, round to another one.
    struct Review {
        std::string after;
        std::string until;
        bool is_around = false;  ///< it has come to the end, and continues at the beginning
    };
    struct Choice {
        Provider* listener = nullptr;
        bool is_crowded = false;   ///< there would be one, but its lane is full
        bool has_to_wait = false;  ///< whoever provides it may come back
    };
    /// In order, so that a search or review can continue at a name.
    using Subjects = std::map<std::string, Subject>;

    static constexpr std::uint64_t first_id = 1ULL << 62;  ///< no call has such an id
    /// Names that a turn looks at in a search, in a review, and to ask again.
    static constexpr std::size_t names_per_turn = 64;

    [[nodiscard]] bool is_wanted(const std::string& name) const;
    void on_existence(std::string_view name, bool is_there);
    void begin_search(const Pattern& pattern, Side side);
    void continue_search();
    // Each looks at some names. False: there are no more.
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
    Post* post_;
    SystemRecords* records_;
    MessagingOptions options_;
    std::uint64_t now_ns_ = 0;
    WatchBook watches_;
    ProviderBook listeners_;
    Subjects subjects_;
    std::unordered_map<std::uint64_t, Subject*> by_id_;
    std::map<std::string, Heir> inherited_;  ///< in order: subjects are asked for in it
    DueQueue due_;
    std::map<SearchKey, Search> searches_;
    SearchKey last_searched_;
    std::optional<Review> review_;
    std::map<std::string, std::size_t> listened_;  ///< wildcards, and how many listeners each has
    std::map<std::uint64_t, std::set<std::string_view>> subjects_of_;  ///< by the listener's id
    std::set<std::string> waiting_;   ///< subjects whose listeners have no room just now
    std::string last_waiting_;        ///< that was asked again
    std::deque<std::string> to_ask_;  ///< subjects whose listener was lost
    std::size_t subject_bytes_ = 0;
    bool is_inheritance_over_ = false;
    std::uint64_t last_id_ = first_id;
    std::uint64_t asked_ = 0;
    std::size_t provided_ = 0;
};

}  // namespace ringside::broker
