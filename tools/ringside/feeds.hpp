#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "tools/ringside/shell_command.hpp"

namespace ringside::tools {

/// The commands that provide subjects for a Listener: one each, while its subject is wanted.
///
///   wanted    a command is started; if the subject's last one is still ending, after its end
///   accepted  the command has run for a moment, or has ended with 0: its work is complete then
///   rejected  it has ended with an error: the next listener is asked. Also possible later
///   unwanted  it gets SIGTERM, and SIGKILL if it has not ended after some seconds
///
/// Invariant: no two commands of one subject at a time.
class Feeds {
public:
    /// Receives events: `wanted`, `provided`, `failed` (with the exit status), `unwanted`.
    using OnChange = std::function<void(std::string_view what, const std::string& subject,
                                        std::optional<int> status)>;

    Feeds(Listener& listener, std::string command, std::string grid, OnChange on_change);
    /// Ends all commands, and waits for them.
    ~Feeds();
    Feeds(const Feeds&) = delete;
    Feeds& operator=(const Feeds&) = delete;

    void follow(const Interest& interest);

    /// Performs the actions that are due. Returns false if none will be due soon.
    bool tend();

private:
    using Clock = std::chrono::steady_clock;

    struct Feed {
        std::optional<Interest> wanted;
        bool is_accepted = false;
        std::optional<ShellCommand> command;
        Clock::time_point started;
        std::optional<Clock::time_point> kill_at;  ///< set when it was asked to end
    };

    void start(Feed& feed);
    void accept(Feed& feed);
    void reject(Feed& feed, int status);
    void forget(Feed& feed);
    void see_end(Feed& feed);
    void tend(Feed& feed);

    Listener& listener_;
    std::string command_;
    std::string grid_;
    OnChange on_change_;
    std::map<std::string, Feed> feeds_;  ///< keyed by subject
};

}  // namespace ringside::tools
