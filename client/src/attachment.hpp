#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "channel.hpp"
#include "fork.hpp"
#include "greeting.hpp"
#include "places.hpp"
#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::detail {

/// Grid and identity of a session.
struct AttachTerms {
    std::string grid;
    std::string program;  ///< for display
    std::string user;     ///< user on whose behalf the session acts; empty = none
    bool resumes = true;  ///< continues with the next broker; otherwise ends with this one
    std::optional<std::uint32_t> owner;  ///< the only accepted owner of the grid
    /// Maximum time that one call waits for a broker to answer a session that is resumed.
    std::chrono::milliseconds greeting_time{5000};
    bool is_offline = false;  ///< no session: see `Attachment::open_offline`
};

/// One session with one boot of a grid: the segment (read-only), the session's memory, the socket.
///
/// Every reader of the segment holds a shared pointer to the Attachment, so that the mapping
/// outlives the session.
///
/// When the broker dies, reads continue, and writes wait. The next broker of the same segment is
/// detected by its socket or by the generation in the segment, whichever is checked first. Then the
/// session is resumed. Memory, lanes and pins stay the same. Socket and doorbell keep their
/// descriptor numbers.
/// Thread safety: all members.
class Attachment {
public:
    /// Tries until the deadline, at least once. Opens no session if the terms say so: see
    /// `open_offline`. `answer_time`: maximum time for a broker to accept and answer one Hello.
    /// Errors: those of Client::attach.
    static Result<std::shared_ptr<Attachment>> make(
        const AttachTerms& terms, shm::Deadline deadline,
        std::chrono::milliseconds answer_time = std::chrono::seconds(5));

    /// `make` in two steps, for threads that must not wait. `begin` finds the broker and greets it.
    /// Errors: those of Client::attach.
    static Result<std::shared_ptr<Attachment>> begin(const AttachTerms& terms,
                                                     shm::Deadline deadline);
    /// Waits for the broker's answer. Errors: would_block (none before the deadline: call again),
    /// those of Client::attach.
    Result<void> finish(shm::Deadline deadline);
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    [[nodiscard]] const shm::SegmentView& segment() const noexcept { return segment_.view(); }
    [[nodiscard]] const shm::SessionMemoryView& memory() const noexcept { return memory_; }
    [[nodiscard]] SessionId session() const noexcept { return session_; }

    /// Returns whether pins of this process may leave the fence to the engine, see shm/pin/pin.hpp.
    [[nodiscard]] bool has_light_pins() const noexcept { return light_pins_; }

    /// Pins at revisions below this one were revoked.
    [[nodiscard]] Revision revoked_below() const noexcept {
        // Reads before this call must be ordered first: if they saw reused memory, it was
        // overwritten after the engine had stored the revocation.
        // SYNC pin-revoked: pairs with the fences after the stores of `revoked_below` and `id`.
        std::atomic_thread_fence(std::memory_order_acquire);
        // SYNC session-reused: pairs with Engine::open: a reader that sees the zero of the next
        // session also sees that the entry belongs to another session.
        const Revision below = entry_->revoked_below.load(std::memory_order_acquire);
        // Nothing is protected for a session that was closed.
        const bool is_ours = entry_->id.load(std::memory_order_relaxed) == session_;
        return is_ours ? below : ~Revision{0};
    }

    /// Checks cheaply whether the broker still knows this session. Otherwise resumes the session if
    /// the new broker is reachable. Returns false if the session is lost.
    [[nodiscard]] bool follow() noexcept {
        if (is_offline()) return !check_lost();
        const auto& generation = segment().header().horizon.generation;
        // SYNC broker-generation: pairs with Service::announce().
        return generation.load(std::memory_order_acquire) == this->generation() || !check_lost();
    }
    /// Returns whether there is no session: see `open_offline`.
    [[nodiscard]] bool is_offline() const noexcept { return terms_.is_offline; }
    /// Generation of the broker that knows this session.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_relaxed);
    }

    /// Number of resumptions. Requests that were in progress at a resumption may have arrived in
    /// part.
    [[nodiscard]] std::uint64_t resumptions() const noexcept {
        // SYNC session-resumed: pairs with resume().
        return resumptions_.load(std::memory_order_acquire);
    }

    [[nodiscard]] Revision published() const noexcept {
        // SYNC published: pairs with W5; everything up to that revision is visible.
        return segment().header().commit.published.load(std::memory_order_acquire);
    }

    /// Returns whether the session is known to have ended: its broker is gone, or this is a forked
    /// child.
    [[nodiscard]] bool is_lost() const noexcept {
        return is_lost_.load(std::memory_order_relaxed) || is_of_parent();
    }
    /// Returns whether this process is a forked child of the process that opened the session. The
    /// session's memory must not be accessed then.
    [[nodiscard]] bool is_of_parent() const noexcept;

    /// Returns whether the grid has ended or was replaced, according to its state.
    [[nodiscard]] bool is_grid_over() const noexcept;

    /// Checks the socket (a system call) and the grid's state. Resumes the session if possible, and
    /// records whether it has ended. A session does not end while no broker answers. Waits once for
    /// a new broker's answer, for at most `resume_time` or the terms' `greeting_time`; later calls
    /// only check for it.
    bool check_lost() noexcept;
    static constexpr std::chrono::milliseconds resume_time{1000};

    /// Returns whether the broker is gone and no new broker has been found yet.
    [[nodiscard]] bool is_orphan() const noexcept {
        return is_orphan_.load(std::memory_order_relaxed);
    }
    /// Reason for the end of the session, as sent by the broker before it closed the socket.
    [[nodiscard]] Error loss() const;

    /// Wakes the engine if it sleeps. Call it after a flush of a request ring.
    void ring_doorbell() const noexcept;

    /// Returns a lane that no thread uses; null: lane_limit.
    [[nodiscard]] std::unique_ptr<Channel> take_lane();
    void give_back_lane(std::unique_ptr<Channel> lane);

    /// Returns the index of a pin slot; nothing: lane_limit.
    [[nodiscard]] std::optional<std::size_t> take_pin();
    void give_back_pin(std::size_t pin) noexcept;

    /// Returns the index of a free declaration; nothing: lane_limit.
    [[nodiscard]] std::optional<std::size_t> take_declaration();
    void give_back_declaration(std::size_t place) noexcept;
    /// Makes the broker check the declarations. Call it after a change of one.
    void announce_declarations() const noexcept;

    /// Changes ten times per second while the broker lives.
    [[nodiscard]] std::uint64_t heartbeat() const noexcept {
        return segment().header().broker.heartbeat_ns.load(std::memory_order_relaxed);
    }

private:
    explicit Attachment(AttachTerms terms);
    /// Opens the segment that a dead broker has left. There is no session: pins lie in memory that
    /// no broker reads. Nobody changes the segment until the next broker claims it, which `follow`
    /// and `check_lost` notice; what was read before they say so is whole.
    /// Errors: those of `Segment::open`, grid_in_use (its broker lives), no_such_grid.
    static Result<std::shared_ptr<Attachment>> open_offline(const AttachTerms& terms);
    void close_in_child() noexcept;
    Result<void> begin_offline();
    [[nodiscard]] bool check_claimed() noexcept;
    Result<void> greet(shm::Deadline deadline);
    Result<void> resume();
    Result<void> begin_resuming(shm::Deadline deadline);
    [[nodiscard]] shm::Hello hello() const;
    [[nodiscard]] bool socket_has_ended() noexcept;
    void await_taken() noexcept;

    const AttachTerms terms_;

    shm::Segment segment_;
    shm::SessionMemoryView memory_;
    Descriptor memory_descriptor_;  ///< for the next broker
    Descriptor socket_;
    Descriptor doorbell_;
    SessionId session_ = 0;
    std::uint32_t session_index_ = 0;
    const shm::SessionEntry* entry_ = nullptr;      ///< of `session_index_`, or `own_entry_`
    std::unique_ptr<shm::SessionEntry> own_entry_;  ///< without a session
    std::uint32_t dead_broker_ = 0;                 ///< without a session: pid, start time
    std::uint64_t dead_broker_start_ = 0;
    bool light_pins_ = false;
    unsigned fork_generation_ = 0;
    std::atomic<std::uint64_t> generation_ = 0;
    std::atomic<std::uint64_t> resumptions_ = 0;
    std::atomic<bool> is_lost_ = false;
    std::atomic<bool> is_orphan_ = false;

    std::mutex resuming_;               ///< locked before `mutex_`; a forked child never locks it
    std::optional<Greeting> greeting_;  ///< with a broker that may resume the session
    std::uint64_t greeted_generation_ = 0;

    mutable ForkSafeMutex mutex_;  ///< guards the following members
    Error loss_{Errc::connection_lost};
    std::vector<std::unique_ptr<Channel>> free_lanes_;
    std::size_t lanes_open_ = 0;
    Places pins_{limits::pins_per_session_max};
    Places declarations_{limits::declarations_per_session_max};
};

}  // namespace ringside::detail
