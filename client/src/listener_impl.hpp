#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "inbox.hpp"
#include "ringside/messaging.hpp"

namespace ringside {

/// An Inbox for interest, and which subjects its user has been told of. A broker that takes over
/// asks again for what is provided already: it is accepted again, and the user need not know.
class Listener::Impl {
public:
    explicit Impl(std::unique_ptr<detail::Inbox> inbox) : inbox_(std::move(inbox)) {}

    Result<Interest> poll();
    /// `stop`: ends the waiting.
    Result<Interest> next(std::chrono::milliseconds timeout,
                          const std::atomic<bool>* stop = nullptr) {
        return inbox_->next([this] { return poll(); }, timeout, stop);
    }
    Result<void> accept(const Interest& interest);
    Result<void> reject(const Interest& interest);

private:
    struct Subject {
        std::uint64_t id = 0;  ///< under which the broker has asked for it last
        bool is_accepted = false;
    };

    /// Whether the user is to be told.
    [[nodiscard]] bool want(const std::string& name, std::uint64_t id);
    void give_all_up();
    Result<void> tell(wire::MessageKind kind, std::uint64_t id);

    std::unique_ptr<detail::Inbox> inbox_;
    std::unordered_map<std::string, Subject> subjects_;  ///< that the user holds for wanted
    std::deque<Interest> given_up_;                      ///< of a session that is over
};

}  // namespace ringside
