#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/grid_posts.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace re2 {
class RE2;
}

namespace ringside::gateway::deepstream {

class Session;

/// A pattern of the grid that matches every name that a regular expression finds something in:
/// what an expression that begins with `^` fixes of the levels, and otherwise everything.
[[nodiscard]] std::string grid_pattern_of(std::string_view expression);

/// What one connection provides while it is watched: the patterns that it listens to, which are
/// regular expressions, not anchored. Each is a listener of the grid's own, which is asked for
/// everything that its grid pattern matches, and rejects at once what the expression does not fit.
///
/// Records and events have one space of names in the grid: a listener is asked for a name whichever
/// of the two is watched.
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

    /// Of one connection.
    static constexpr std::size_t patterns_max = 1000;

private:
    /// A name that the client was asked for.
    struct Asked {
        std::shared_ptr<Interest> interest;
        Listener* listener = nullptr;
        bool is_accepted = false;
        std::uint64_t id = 0;
    };
    struct Listened {
        std::unique_ptr<re2::RE2> expression;
        TextMap<Asked> asked;  ///< by names as deepstream has them
        std::unique_ptr<ListenerPosts::Place> place;
    };

    void on_interest(const std::string& pattern, Listener& listener,
                     const std::shared_ptr<Interest>& interest);
    void on_wanted(const std::string& pattern, Listener& listener,
                   const std::shared_ptr<Interest>& interest);
    void on_unwanted(const std::string& pattern, const std::string& name);
    void await_answer(const std::string& pattern, const std::string& name, std::uint64_t id);
    void on_silence(const std::string& pattern, const std::string& name, std::uint64_t id);
    [[nodiscard]] Asked* find(const Message& message);
    void send(TopicAction action, const std::string& pattern, const std::string& name);

    Session& session_;
    const Action right_;
    std::map<std::string, Listened> patterns_;
    std::uint64_t ids_ = 0;
};

using RecordListening = Listening<wire::RecordMessage, RecordAction>;
using EventListening = Listening<wire::EventMessage, EventAction>;

}  // namespace ringside::gateway::deepstream
