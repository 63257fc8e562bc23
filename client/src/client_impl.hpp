#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "ringside/client.hpp"
#include "shm/wait/spin.hpp"
#include "thread_lane.hpp"

namespace ringside {

/// What a Client shares with its snapshots, watches, pipelines, calls, providers and listeners.
class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
public:
    Impl(ClientOptions options, std::shared_ptr<detail::Attachment> attachment);

    /// The calling thread's lane of a session that is alive, made at its first call; a lost session
    /// is replaced by a new one, which may wait for the broker until the timeout.
    /// Errors: lane_limit, and those of Client::attach.
    Result<detail::ThreadLane*> lane();

    /// The session that is alive now. Errors: those of Client::attach, connection_lost.
    Result<std::shared_ptr<detail::Attachment>> attachment();

    /// The same without waiting for a broker, or for a thread that does.
    Result<std::shared_ptr<detail::Attachment>> attachment_at_once();

    /// Sends a message that nobody answers, in the calling thread's lane. One that is meant for
    /// another session than the thread has now comes too late, and is dropped.
    /// Errors: timed_out (the broker does not take it), connection_lost, lane_limit.
    Result<void> tell(const detail::Attachment& session,
                      const shm::RequestWriter::Message& message);

    [[nodiscard]] static detail::AttachTerms terms_of(const ClientOptions& options) {
        return {options.grid, options.program, options.user, options.reconnect, options.owner};
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
    Result<std::shared_ptr<detail::Attachment>> living_attachment(
        std::chrono::milliseconds timeout);

    const ClientOptions options_;
    const std::uint64_t id_;  ///< tells the clients of a process apart, for its threads
    std::mutex mutex_;
    std::shared_ptr<detail::Attachment> attachment_;
};

/// Calls `each` for many names at revision `at`, their cache misses overlapped. REQUIRES: pinned.
void read_many(const shm::SegmentView& segment, Revision at,
               std::span<const std::string_view> names,
               const std::function<void(std::size_t, const RecordView*)>& each);

}  // namespace ringside
