#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "client_lanes.hpp"
#include "ringside/client.hpp"
#include "shm/wait/spin.hpp"
#include "thread_lane.hpp"

namespace ringside {

class WatchWaker;

/// State that a Client shares with its snapshots, watches, pipelines, calls, providers and
/// listeners.
class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
public:
    Impl(ClientOptions options, std::shared_ptr<detail::Attachment> attachment);
    ~Impl() { lanes_->close(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Checks that a broker can be asked. Error: no_broker, if the client is offline.
    [[nodiscard]] Result<void> check_online() const {
        if (!options_.offline) return {};
        return Error(Errc::no_broker,
                     "the client reads the segment offline; only snapshots are available");
    }

    /// Returns the calling thread's lane of a live session, created at its first call. Replaces a
    /// lost session by a new one, which may wait for the broker until the timeout.
    /// Errors: lane_limit, and those of Client::attach.
    Result<detail::ThreadLane*> lane();

    /// Same for a request: the current broker knows the session. So a client that was idle or
    /// stopped while its session expired opens a new session before it sends a request.
    Result<detail::ThreadLane*> lane_for_request();

    /// Returns the live session. Waits for a broker, or for a thread that attaches, at most until
    /// the client's timeout. Errors: those of Client::attach, connection_lost.
    Result<std::shared_ptr<detail::Attachment>> attachment();

    /// Same, without waiting for a broker to start, or for another thread.
    Result<std::shared_ptr<detail::Attachment>> attachment_at_once();

    /// Returns the current session, which may have ended. Does not wait.
    std::shared_ptr<detail::Attachment> current_attachment() const;

    /// Returns the thread that signals the descriptors of the client's watches. The first watch
    /// starts it. Error: system_error (no thread is available).
    Result<std::shared_ptr<WatchWaker>> waker();

    /// Sends a message without a reply in the calling thread's lane. Drops the message if `session`
    /// is not the thread's current session.
    /// Errors: timed_out (the broker does not take it), connection_lost, lane_limit.
    Result<void> tell(const detail::Attachment& session,
                      const shm::RequestWriter::Message& message);

    [[nodiscard]] static detail::AttachTerms terms_of(const ClientOptions& options) {
        return {options.grid,  options.program,       options.user,   options.reconnect,
                options.owner, options.greeting_time, options.offline};
    }

    [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
    [[nodiscard]] detail::Patience patience() const noexcept {
        return {options_.timeout, options_.spin};
    }
    /// For waits for another session. Three threads must then run, including the broker's, and on a
    /// host with few cores a spinning thread keeps another one from running. (On two cores a call
    /// takes 12 us if both sides sleep, and 150 us if each side spins for 50 us first.)
    [[nodiscard]] detail::Patience patience_with_others() const noexcept {
        constexpr unsigned cores_needed = 4;
        const bool can_spin = shm::cores_available() >= cores_needed;
        return {options_.timeout, can_spin ? options_.spin : std::chrono::microseconds(0)};
    }

private:
    Result<detail::ThreadLane*> new_lane(detail::ThreadLane*& place);
    Result<std::shared_ptr<detail::Attachment>> attach_until(shm::Deadline deadline,
                                                             std::chrono::milliseconds answer_time);
    Result<std::shared_ptr<detail::Attachment>> make_session(shm::Deadline deadline,
                                                             std::chrono::milliseconds answer_time);
    [[nodiscard]] bool begin_attaching(std::uint32_t& seen);
    void end_attaching(std::shared_ptr<detail::Attachment>& made);

    const ClientOptions options_;
    const std::uint64_t id_;  ///< distinguishes the clients of a process
    const std::shared_ptr<detail::ClientLanes> lanes_ = std::make_shared<detail::ClientLanes>();
    mutable detail::ForkSafeMutex mutex_;
    std::shared_ptr<detail::Attachment> attachment_;
    /// Process in which a thread attaches, if any: a forked child has no such thread.
    std::optional<unsigned> attaching_in_;
    /// Was greeted and has no answer yet; of the thread that attaches.
    std::shared_ptr<detail::Attachment> greeted_;
    detail::ForkSafeMutex waking_;
    std::weak_ptr<WatchWaker> waker_;
    shm::HalfWord attempts_ = 0;  ///< number of finished attempts; a futex word
};

/// Calls `each` for many names at revision `at`, with overlapping cache misses. REQUIRES: pinned.
void read_many(const shm::SegmentView& segment, Revision at,
               std::span<const std::string_view> names,
               const std::function<void(std::size_t, const RecordView*)>& each);

}  // namespace ringside
