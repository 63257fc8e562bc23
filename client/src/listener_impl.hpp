#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "inbox.hpp"
#include "ringside/messaging.hpp"

namespace ringside {

/// An Inbox for interest, and which subjects its user has been told of. A broker that takes over
/// asks again for what is provided already: it is accepted again, and the user need not know. What
/// it does not ask for again until it says `renewed` is unwanted.
/// Thread safety: `poll` and `next` for one thread at a time; all others.
class Listener::Impl {
public:
    explicit Impl(std::unique_ptr<detail::Inbox> inbox) : inbox_(std::move(inbox)) {}

    Result<Interest> poll();
    Result<Interest> next(std::chrono::milliseconds timeout) {
        return inbox_->next([this] { return poll(); }, timeout);
    }
    Result<void> accept(const Interest& interest);
    Result<void> reject(const Interest& interest);
    /// Nothing more is said of it.
    void remove(std::uint64_t pattern_id);
    [[nodiscard]] detail::Inbox& inbox() noexcept { return *inbox_; }

private:
    struct Subject {
        std::uint64_t id = 0;       ///< under which the broker has asked for it last
        std::uint64_t told_id = 0;  ///< under which the user was
        bool is_accepted = false;
        bool is_renewed = true;  ///< the present broker has asked for it
    };
    using Key = std::pair<std::uint64_t, std::string>;  ///< id of the pattern, and name

    [[nodiscard]] std::optional<Interest> next_untold();
    void take(const wire::Delivery& brought, std::uint64_t pattern_id);
    void want(Key key, std::uint64_t id);
    [[nodiscard]] Subject* find(const Interest& interest);
    template <class IsGivenUp>
    void give_up_if(const IsGivenUp& is_given_up);
    Result<void> tell(wire::MessageKind kind, std::uint64_t id);

    std::unique_ptr<detail::Inbox> inbox_;
    detail::ForkSafeMutex mutex_;      ///< before the inbox's
    std::map<Key, Subject> subjects_;  ///< that the user holds for wanted
    std::deque<Interest> untold_;      ///< what the user is to be told next
};

}  // namespace ringside
