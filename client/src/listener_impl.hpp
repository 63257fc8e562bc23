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

/// An Inbox for interest, and the subjects that its user was notified of. A broker that takes over
/// asks again for subjects that are already provided. These are accepted again without notice to
/// the user. Subjects that the broker does not ask for again before `renewed` are unwanted.
/// Thread safety: `poll` and `next` for one thread at a time; other members from any thread.
class Listener::Impl {
public:
    explicit Impl(std::unique_ptr<detail::Inbox> inbox) : inbox_(std::move(inbox)) {}

    Result<Interest> poll();
    Result<Interest> next(std::chrono::milliseconds timeout) {
        return inbox_->next([this] { return poll(); }, timeout);
    }
    Result<void> accept(const Interest& interest);
    Result<void> reject(const Interest& interest);
    /// No further notices follow for the pattern.
    void remove(std::uint64_t pattern_id);
    [[nodiscard]] detail::Inbox& inbox() noexcept { return *inbox_; }

private:
    struct Subject {
        std::uint64_t id = 0;         ///< of the broker's last request for it
        std::uint64_t notice_id = 0;  ///< of the user's last notice
        bool is_accepted = false;
        bool is_renewed = true;  ///< the current broker has asked for it
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
    detail::ForkSafeMutex mutex_;       ///< locked before the inbox's
    std::map<Key, Subject> subjects_;   ///< wanted, as far as the user knows
    std::deque<Interest> undelivered_;  ///< pending notices for the user
};

}  // namespace ringside
