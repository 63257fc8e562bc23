#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "call_time.hpp"
#include "client_impl.hpp"
#include "ringside/messaging.hpp"

namespace ringside {

/// Pending calls of one lane, by request number. Whenever the lane is read, outcomes are queued in
/// `ended_` until the caller asks for them.
class CallPipeline::Impl {
public:
    Impl(std::shared_ptr<Client::Impl> client, detail::ThreadLane& lane, OnAnswer on_answer);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<std::uint64_t> call(std::string_view name, ByteView document,
                               const CallOptions& options);
    void cancel(std::uint64_t ticket);
    std::size_t poll();
    Result<std::size_t> wait(detail::Deadline until);
    void interrupt() noexcept {
        // SYNC interrupted: pairs with wait().
        is_interrupted_.store(true);
        const std::lock_guard lock(binding_);
        if (has_channel()) channel_->wake();
    }
    /// Called when the user destroys the CallPipeline, possibly in the handler. The handler is not
    /// called again.
    void close() noexcept { is_closed_ = true; }
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    [[nodiscard]] std::size_t pending() const noexcept {
        return open_.size() + again_.size() + ended_.size();
    }

private:
    struct Open {
        std::uint64_t ticket;
        std::string name;
        Bytes document;  ///< kept, because the call may be sent again
        bool is_idempotent;
        detail::CallTime time;
    };
    struct Ended {
        std::uint64_t ticket;
        Result<Answer> answer;
    };
    using OpenCalls = std::unordered_map<std::uint64_t, Open>;

    void bind(detail::ThreadLane& lane);
    [[nodiscard]] bool has_channel() const noexcept {
        return !attachment_->is_of_parent() && channel_->tenancy() == tenancy_;
    }
    [[nodiscard]] bool is_usable() const noexcept {
        return !attachment_->is_lost() && has_channel();
    }
    [[nodiscard]] Error loss() const;
    Result<void> make_usable();
    Result<void> send(Open call);
    void take(const shm::ReplyView& reply);
    void take_reset(std::uint64_t up_to);
    void end(OpenCalls::iterator call, Result<Answer> answer);
    void end_all(const Error& error);
    void send_again();
    void give_up_late();
    std::size_t hand_out();

    std::shared_ptr<Client::Impl> client_;
    detail::ForkSafeMutex binding_;  ///< guards the next three, for `interrupt`
    std::shared_ptr<detail::Attachment> attachment_;
    detail::Channel* channel_ = nullptr;
    std::uint64_t tenancy_ = 0;  ///< of the channel
    OnAnswer on_answer_;
    std::uint64_t tickets_ = 0;
    OpenCalls open_;
    std::vector<Open> again_;  ///< to be sent again
    std::deque<Ended> ended_;
    std::atomic<bool> is_interrupted_ = false;
    bool is_closed_ = false;
    std::optional<detail::Pulse> pulse_;
    detail::Deadline look_at_{
        detail::Clock::time_point{}};  ///< when to check for calls that are late
};

}  // namespace ringside
