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

/// Spin and sleep times of the idle engine.
struct EngineTimes {
    std::chrono::microseconds spin{200};                ///< maximum spin before it sleeps
    std::chrono::milliseconds heartbeat_interval{100};  ///< maximum sleep
};

/// Drives the engine: sets its clock, executes its outbox, and sleeps when there is no work.
///
/// Sleeping: the engine sets `broker.asleep` in the segment (seq_cst), checks all lanes again,
/// and waits in epoll for a doorbell. A client stores its request first and then reads that word.
/// The spin time before a sleep adapts to how often spinning finds work. Each session has its own
/// doorbell. It is edge-triggered and never read, so that no client can consume the signal of
/// another one.
class EngineThread {
public:
    EngineThread(const shm::Segment& segment, GridOptions options, EngineTimes times,
                 Durability& durability, MessagingOptions messaging,
                 const MemoryLimits& session_memory, Handover& handover,
                 std::function<void()> on_news, MemoryOptions memory = {});
    ~EngineThread();
    EngineThread(const EngineThread&) = delete;
    EngineThread& operator=(const EngineThread&) = delete;

    /// Opens the grid to readers and starts to serve. Error: system_error.
    Result<void> start();

    /// Sets the callback that notifies the store of work. REQUIRES: not started yet.
    void on_store_work(std::function<void()> notice) { notice_store_ = std::move(notice); }

    /// The records. REQUIRES: not started yet.
    [[nodiscard]] Grid& grid() noexcept { return engine_.grid(); }

    /// Takes over the segment of a dead broker. REQUIRES: not started yet. Error: grid_full.
    Result<void> take_over(Survey&& survey);
    [[nodiscard]] const std::vector<AbsentSession>& absent() const noexcept {
        return engine_.absent();
    }

    /// Notifies the engine that orders wait. Any thread.
    void nudge() const noexcept;

    /// Notifies the engine, if it sleeps, that the store has made progress. Any thread.
    void nudge_if_asleep() const noexcept;

    /// Adds a session's doorbell. Any thread. Error: system_error.
    Result<void> listen_to(int doorbell) const;

    /// Removes a doorbell. A client that still holds it can no longer wake the engine.
    void stop_listening_to(int doorbell) const noexcept;

    /// Stops the thread after its current turn. Any thread.
    void stop();

    /// Releases all replies that need to wait for the disk no longer. REQUIRES: stopped.
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
    std::chrono::nanoseconds spin_;      ///< maximum
    std::chrono::nanoseconds spin_now_;  ///< adapted to recent success
    Handover* handover_;
    std::function<void()> on_news_;  ///< called after a session was opened or has ended
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
    std::uint64_t commits_ = 0;  ///< up to the last turn that was counted
    std::uint64_t housekept_ns_ = 0;
    std::uint64_t heartbeat_ns_ = 0;
    std::thread thread_;
};

}  // namespace ringside::broker
