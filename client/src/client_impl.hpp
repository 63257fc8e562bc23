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

/// What a Client shares with its snapshots, watches, pipelines, calls, providers and listeners.
class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
public:
    Impl(ClientOptions options, std::shared_ptr<detail::Attachment> attachment);
    ~Impl() { lanes_->close(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// What needs a broker has none to ask. Error: no_broker, where the client is offline.
    [[nodiscard]] Result<void> check_online() const {
        if (!options_.offline) return {};
        return Error(Errc::no_broker, "the client reads the segment offline: only snapshots work");
    }

    /// The calling thread's lane of a session that is alive, made at its first call; a lost session
    /// is replaced by a new one, which may wait for the broker until the timeout.
    /// Errors: lane_limit, and those of Client::attach.
    Result<detail::ThreadLane*> lane();

    /// The same for a request: of a session that the broker of this moment knows. So a client that
    /// was idle or stopped while its session expired begins a new one before it asks.
    Result<detail::ThreadLane*> lane_for_request();

    /// The session that is alive now. Waits for a broker, or for a thread that attaches, at most
    /// until the client's timeout. Errors: those of Client::attach, connection_lost.
    Result<std::shared_ptr<detail::Attachment>> attachment();

    /// The same without waiting for a broker to come, or for another thread.
    Result<std::shared_ptr<detail::Attachment>> attachment_at_once();

    /// The session of this moment, which may be over. Waits for nothing.
    std::shared_ptr<detail::Attachment> current_attachment() const;

    /// The thread that signals the descriptors of the client's watches; started by the first of
    /// them. Error: system_error (no thread is available).
    Result<std::shared_ptr<WatchWaker>> waker();

    /// Sends a message that nobody answers, in the calling thread's lane. One that is meant for
    /// another session than the thread has now comes too late, and is dropped.
    /// Errors: timed_out (the broker does not take it), connection_lost, lane_limit.
    Result<void> tell(const detail::Attachment& session,
                      const shm::RequestWriter::Message& message);

    [[nodiscard]] static detail::AttachTerms terms_of(const ClientOptions& options) {
        return {options.grid,      options.program, options.user,
                options.reconnect, options.owner,   options.offline};
    }

    [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
    [[nodiscard]] detail::Patience patience() const noexcept {
        return {options_.timeout, options_.spin};
    }
    /// For what another session does: with the broker, three have to run then, and on a host with
    /// few cores whoever spins keeps one of the others away. (With two cores a call takes 12 us
    /// asleep, and 150 us where each side spins for 50 us first.)
    [[nodiscard]] detail::Patience patience_with_others() const noexcept {
        constexpr unsigned cores_needed = 4;
        const bool can_spin = shm::cores_available() >= cores_needed;
        return {options_.timeout, can_spin ? options_.spin : std::chrono::microseconds(0)};
    }

private:
    Result<detail::ThreadLane*> new_lane(detail::ThreadLane*& place);
    Result<std::shared_ptr<detail::Attachment>> attach_until(shm::Deadline deadline,
                                                             std::chrono::milliseconds answer_time);
    [[nodiscard]] bool begin_attaching(std::uint32_t& seen);
    void end_attaching(std::shared_ptr<detail::Attachment>& made);

    const ClientOptions options_;
    const std::uint64_t id_;  ///< tells the clients of a process apart, for its threads
    const std::shared_ptr<detail::ClientLanes> lanes_ = std::make_shared<detail::ClientLanes>();
    mutable detail::ForkSafeMutex mutex_;
    std::shared_ptr<detail::Attachment> attachment_;
    /// Whether a thread attaches, and in which process: a forked child has no such thread.
    std::optional<unsigned> attaching_in_;
    detail::ForkSafeMutex waking_;
    std::weak_ptr<WatchWaker> waker_;
    shm::HalfWord attempts_ = 0;  ///< that have ended; a futex word
};

/// Calls `each` for many names at revision `at`, their cache misses overlapped. REQUIRES: pinned.
void read_many(const shm::SegmentView& segment, Revision at,
               std::span<const std::string_view> names,
               const std::function<void(std::size_t, const RecordView*)>& each);

}  // namespace ringside
