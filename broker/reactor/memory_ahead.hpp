#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// How much memory a segment may be backed with, and by what.
struct MemoryOptions {
    /// Bytes of the segment that may be backed; the host's memory limit for this process.
    std::uint64_t bytes_max = ~0ULL;
    std::string bound_by{};  ///< what sets `bytes_max`, for the log
    // What tests replace; empty: the segment, its file system, the clock.
    std::function<bool(Offset, std::uint64_t)> back{};
    std::function<std::uint64_t()> free_bytes{};
    std::function<std::chrono::steady_clock::time_point()> clock{};
};

/// Backs heap and slots with memory ahead of need: a first touch of a fresh page costs
/// microseconds, and making a huge page a tenth of a millisecond or more, which the engine is
/// spared.
///
/// Both regions grow from their start, so one frontier for each is enough. A thread keeps some
/// memory between what was asked for and the frontier; when it is behind, the asking thread does
/// the work. The first slots come before the heap's memory, and nothing is backed ahead that would
/// leave the file system without room for what is asked for next.
///
/// A host without memory refuses, which costs milliseconds to find out. A refusal is remembered:
/// until `retry_interval` has passed, further requests are refused at once.
class MemoryAhead {
public:
    static constexpr std::chrono::milliseconds retry_interval{100};

    explicit MemoryAhead(const shm::Segment& segment, MemoryOptions options = {});
    ~MemoryAhead();
    MemoryAhead(const MemoryAhead&) = delete;
    MemoryAhead& operator=(const MemoryAhead&) = delete;

    /// GridHost::commit_memory. The engine's thread only.
    [[nodiscard]] bool commit(Offset offset, std::uint64_t bytes);

private:
    using Clock = std::chrono::steady_clock;

    struct Part {
        shm::Region region;
        std::uint64_t ahead_bytes = 0;
        std::uint64_t step_bytes = 0;  ///< what the thread does at a time
        Offset frontier = 0;           ///< memory is there up to here
        Offset wanted = 0;             ///< and is to be up to here
    };
    enum class Shortage : std::uint8_t { none, file_system, bound };

    void run();
    [[nodiscard]] Part* next_part() noexcept;
    [[nodiscard]] bool back(Part& part, Offset end);
    [[nodiscard]] Shortage shortage_of(std::uint64_t bytes, std::uint64_t left_over) const;
    [[nodiscard]] std::uint64_t backed_bytes() const noexcept;
    void report(Shortage shortage);

    const shm::Segment* segment_;
    MemoryOptions options_;
    std::mutex mutex_;
    std::condition_variable wanted_changed_;
    std::array<Part, 2> parts_;
    Clock::time_point refused_until_;
    Clock::time_point report_after_;
    bool is_short_ = false;  ///< reported
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
