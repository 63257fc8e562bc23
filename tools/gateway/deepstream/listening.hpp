#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/grid_registrations.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace re2 {
class RE2;
}

namespace ringside::gateway::deepstream {

class Session;

/// Returns a pattern of the grid that matches every name in which a regular expression finds a
/// match: the levels that an expression beginning with `^` fixes, and otherwise everything.
[[nodiscard]] std::string grid_pattern_of(std::string_view expression);

/// The patterns that one connection listens to. They are regular expressions without anchors. Each
/// becomes a listener of the grid, which is asked about every name that its grid pattern matches
/// and immediately rejects names that the expression does not match.
///
/// Records and events share the names of the grid: a listener is asked about a name whichever of
/// the two is watched.
template <class Message, class TopicAction>
class Listening {
public:
    Listening(Session& session, Action right);
    ~Listening();

    void listen(const Message& message);
    void unlisten(const Message& message);
    void accept(const Message& message);
    void reject(const Message& message);
    void clear();
    /// Returns whether the client may listen to the whole pattern under its current rights.
    [[nodiscard]] bool may_go_on() const;

    /// The limit of one connection.
    static constexpr std::size_t patterns_max = 1000;

private:
    /// A name that the client was asked to provide.
    struct Asked {
        std::shared_ptr<Interest> interest;
        Listener* listener = nullptr;
        bool is_accepted = false;
        bool is_withdrawn = false;  ///< no longer wanted, before the client has answered
        std::uint64_t id = 0;
    };
    struct Listened {
        std::unique_ptr<re2::RE2> expression;
        TextMap<Asked> asked;  ///< keyed by names as deepstream writes them
        std::unique_ptr<ListenerRegistrations::Registration> place;
        std::uint64_t number = 0;  ///< distinguishes successive registrations of a pattern
    };

    void on_interest(const std::string& pattern, Listener& listener,
                     const std::shared_ptr<Interest>& interest);
    void on_wanted(const std::string& pattern, Listener& listener,
                   const std::shared_ptr<Interest>& interest);
    void on_unwanted(const std::string& pattern, const std::string& name);
    void on_decided(const std::string& pattern, std::uint64_t number, bool is_registered);
    void refuse_expression(const std::string& pattern);
    void await_answer(const std::string& pattern, const std::string& name, std::uint64_t id);
    void on_silence(const std::string& pattern, const std::string& name, std::uint64_t id);
    [[nodiscard]] Asked* find(const Message& message);
    void send(TopicAction action, const std::string& pattern, const std::string& name);

    Session& session_;
    const Action right_;
    std::map<std::string, Listened> patterns_;
    std::uint64_t ids_ = 0;
    std::uint64_t registered_ = 0;  ///< patterns, so far
};

using RecordListening = Listening<wire::RecordMessage, RecordAction>;
using EventListening = Listening<wire::EventMessage, EventAction>;

}  // namespace ringside::gateway::deepstream
