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

/// To which grid a session belongs, and as what.
struct AttachTerms {
    std::string grid;
    std::string program;  ///< for people
    std::string user;     ///< for whom it acts; empty: for nobody
    bool resumes = true;  ///< goes on with the next broker; otherwise it ends with this one
    std::optional<std::uint32_t> owner;  ///< the only user whose grid is accepted
    bool is_offline = false;             ///< no session: see `Attachment::open_offline`
};

/// One session with one boot of a grid: the segment (read-only), the session's memory, the socket.
///
/// Whoever reads from the segment keeps a shared pointer to this, so that a mapping outlives the
/// session that made it.
///
/// When the broker dies, reads go on as before, and writes wait. The next broker of the same
/// segment is found by its socket or by the generation in the segment, whichever is looked at
/// first; the session is resumed with it, and nothing else here changes: the same memory, lanes and
/// pins, and under the numbers of socket and doorbell other descriptors. Thread safety: all
/// members.
class Attachment {
public:
    /// Tries until the deadline, once at least. Without a session if the terms say so: see
    /// `open_offline`. `answer_time`: how long a broker may take to accept
    /// and answer one greeting. Errors: those of Client::attach.
    static Result<std::shared_ptr<Attachment>> make(
        const AttachTerms& terms, shm::Deadline deadline,
        std::chrono::milliseconds answer_time = std::chrono::seconds(5));
    ~Attachment();
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    [[nodiscard]] const shm::SegmentView& segment() const noexcept { return segment_.view(); }
    [[nodiscard]] const shm::SessionMemoryView& memory() const noexcept { return memory_; }
    [[nodiscard]] SessionId session() const noexcept { return session_; }

    /// Pins of this process may leave the fence to the engine, see shm/pin/pin.hpp.
    [[nodiscard]] bool has_light_pins() const noexcept { return light_pins_; }

    /// Pins at revisions below this one were revoked.
    [[nodiscard]] Revision revoked_below() const noexcept {
        // The reads before this call come first: what they saw of reused memory was overwritten
        // after the engine had stored the revocation.
        std::atomic_thread_fence(std::memory_order_acquire);
        const Revision below = entry_->revoked_below.load(std::memory_order_relaxed);
        // Of a session that was given up, nothing is protected any more.
        const bool is_ours = entry_->id.load(std::memory_order_relaxed) == session_;
        return is_ours ? below : ~Revision{0};
    }

    /// Whether the broker is still the one that knows this session; cheap. Resumes it otherwise, if
    /// the new broker can be reached. False: the session is lost.
    [[nodiscard]] bool follow() noexcept {
        if (is_offline()) return !check_lost();
        const auto& generation = segment().header().horizon.generation;
        return generation.load(std::memory_order_acquire) == this->generation() || !check_lost();
    }
    /// Whether there is no session, see `open_offline`.
    [[nodiscard]] bool is_offline() const noexcept { return terms_.is_offline; }
    /// Of the broker that knows this session.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_relaxed);
    }

    /// How often the session was resumed: what was under way in between may be there in part.
    [[nodiscard]] std::uint64_t resumptions() const noexcept {
        return resumptions_.load(std::memory_order_acquire);
    }

    [[nodiscard]] Revision published() const noexcept {
        // acquire: pairs with the engine's release; all of that revision is visible.
        return segment().header().commit.published.load(std::memory_order_acquire);
    }

    /// Whether the session is known to be over: its broker has gone, or this is a forked child.
    [[nodiscard]] bool is_lost() const noexcept {
        return is_lost_.load(std::memory_order_relaxed) || is_of_parent();
    }
    /// Whether this process is a forked child of the one that made the session: then nothing of the
    /// session's memory may be touched.
    [[nodiscard]] bool is_of_parent() const noexcept;

    /// Whether the grid was ended or replaced (its state says so).
    [[nodiscard]] bool is_grid_over() const noexcept;

    /// Checks the socket (a system call) and the grid's state. Resumes the session if it can, and
    /// remembers if it is over. While no broker answers, the session is not over. Waits for a new
    /// broker's answer once, for at most `resume_time`; later calls only check for it.
    bool check_lost() noexcept;
    static constexpr std::chrono::milliseconds resume_time{1000};

    /// Whether the broker is gone, and no other has been found yet.
    [[nodiscard]] bool is_orphan() const noexcept {
        return is_orphan_.load(std::memory_order_relaxed);
    }
    /// Why the session is over, as the broker told it before it closed the socket.
    [[nodiscard]] Error loss() const;

    /// Wakes the engine if it says that it sleeps. To be called after a flush of a request ring.
    void ring_doorbell() const noexcept;

    /// A lane that no thread has; null: lane_limit.
    [[nodiscard]] std::unique_ptr<Channel> take_lane();
    void give_back_lane(std::unique_ptr<Channel> lane);

    /// A pin slot; none: lane_limit.
    [[nodiscard]] std::optional<std::size_t> take_pin();
    void give_back_pin(std::size_t pin) noexcept;

    /// A place for a declaration; none: lane_limit.
    [[nodiscard]] std::optional<std::size_t> take_declaration();
    void give_back_declaration(std::size_t place) noexcept;
    /// Makes the broker look at the declarations. To be called after one was changed.
    void announce_declarations() const noexcept;

    /// Changes ten times a second while the broker lives.
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

    std::mutex resuming_;               ///< before `mutex_`; a forked child never takes it
    std::optional<Greeting> greeting_;  ///< of a broker that may resume the session
    std::uint64_t greeted_generation_ = 0;

    mutable ForkSafeMutex mutex_;  ///< of what follows
    Error loss_{Errc::connection_lost};
    std::vector<std::unique_ptr<Channel>> free_lanes_;
    std::size_t lanes_open_ = 0;
    Places pins_{limits::pins_per_session_max};
    Places declarations_{limits::declarations_per_session_max};
};

}  // namespace ringside::detail
