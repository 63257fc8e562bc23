#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "broker/engine/engine.hpp"
#include "broker/reactor/handover.hpp"
#include "broker/reactor/memory_ahead.hpp"
#include "broker/reactor/waker.hpp"
#include "shm/base/descriptor.hpp"

namespace ringside::broker {

/// How long the idle engine spins and sleeps.
struct EngineTimes {
    std::chrono::microseconds spin{200};                ///< the longest spin before it sleeps
    std::chrono::milliseconds heartbeat_interval{100};  ///< the longest sleep
};

/// Drives the engine: gives it the time, does what its outbox says, and sleeps when there is
/// nothing to do.
///
/// Sleeping: the engine says in the segment that it does (`broker.asleep`, seq_cst), looks at all
/// lanes once more, and waits in epoll for a doorbell. A client stores its request first, then
/// looks at that word. How long the engine spins before it sleeps adapts to how often work comes
/// meanwhile. Each session has a doorbell of its own, edge-triggered and never read, so that no
/// client can take away another one's ring.
class EngineThread {
public:
    EngineThread(const shm::Segment& segment, GridOptions options, EngineTimes times,
                 Durability& durability, MessagingOptions messaging,
                 const MemoryLimits& session_memory, Handover& handover,
                 std::function<void()> on_news, MemoryOptions memory = {});
    ~EngineThread();
    EngineThread(const EngineThread&) = delete;
    EngineThread& operator=(const EngineThread&) = delete;

    /// Opens the grid to readers and begins to serve. Error: system_error.
    Result<void> start();

    /// What it calls when there is something for the store to do. REQUIRES: not started yet.
    void on_store_work(std::function<void()> notice) { notice_store_ = std::move(notice); }

    /// The records. REQUIRES: not started yet.
    [[nodiscard]] Grid& grid() noexcept { return engine_.grid(); }

    /// Goes on with what a dead broker has left. REQUIRES: not started yet. Error: grid_full.
    Result<void> take_over(Survey&& survey);
    [[nodiscard]] const std::vector<AbsentSession>& absent() const noexcept {
        return engine_.absent();
    }

    /// Tells it that orders wait. Any thread.
    void nudge() const noexcept;

    /// Tells it that the store has moved on, if it sleeps. Any thread.
    void nudge_if_asleep() const noexcept;

    /// Adds a session's doorbell. Any thread. Error: system_error.
    Result<void> listen_to(int doorbell) const;

    /// A client that keeps its end of the doorbell wakes nobody from here on.
    void stop_listening_to(int doorbell) const noexcept;

    /// Ends the thread after the turn that it is in. Any thread.
    void stop();

    /// Gives the replies that waited for the disk, to the end of what is there. REQUIRES: stopped.
    void deliver_held();

private:
    void run();
    void hand_over_backlog();
    void take_orders(std::uint64_t now_ns);
    void tell_opened();
    void empty_outbox();
    void sleep();
    void keep_house(std::uint64_t now_ns);
    void count_busy(std::uint64_t now_ns) noexcept;

    const shm::Segment* segment_;
    std::uint64_t heartbeat_interval_ns_;
    std::chrono::nanoseconds spin_;      ///< at the most
    std::chrono::nanoseconds spin_now_;  ///< as it has paid off lately
    Handover* handover_;
    std::function<void()> on_news_;  ///< a session was opened or has ended
    std::function<void()> notice_store_;
    MemoryAhead memory_;
    Waker waker_;
    Engine engine_;
    Outbox outbox_;
    std::vector<OpenedSession> opened_;  ///< since the last turn
    Descriptor epoll_;
    Descriptor nudge_;
    std::atomic<bool> stop_ = false;
    std::uint64_t turn_began_ns_ = 0;
    std::uint64_t housekept_ns_ = 0;
    std::uint64_t heartbeat_ns_ = 0;
    std::thread thread_;
};

}  // namespace ringside::broker
