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

/// The memory that can back a segment, and the source of that limit.
struct MemoryOptions {
    /// Maximum bytes of the segment to back: the host's memory limit for this process.
    std::uint64_t bytes_max = ~0ULL;
    std::string bound_by{};  ///< origin of `bytes_max`, for the log
    // Replaced by tests. If empty: the segment, its file system and the clock.
    std::function<bool(Offset, std::uint64_t)> back{};
    std::function<std::uint64_t()> free_bytes{};
    std::function<std::chrono::steady_clock::time_point()> clock{};
};

/// Backs heap and slots with memory ahead of need. The first touch of a fresh page costs
/// microseconds, and creating a huge page 0.1 ms or more; the engine avoids both.
///
/// Both regions grow from their start, so one frontier for each is enough. A thread keeps some
/// memory between the last request and the frontier. If the thread falls behind, the requesting
/// thread does the work. The first slots have priority over the heap. Memory is backed ahead only
/// while the file system keeps enough room for the next requests.
///
/// A host without memory refuses, and each refusal costs milliseconds. Therefore further requests
/// fail immediately until `retry_interval` has passed.
class MemoryAhead {
public:
    static constexpr std::chrono::milliseconds retry_interval{100};

    explicit MemoryAhead(const shm::Segment& segment, MemoryOptions options = {});
    ~MemoryAhead();
    MemoryAhead(const MemoryAhead&) = delete;
    MemoryAhead& operator=(const MemoryAhead&) = delete;

    /// Implements GridHost::commit_memory. The engine thread only.
    [[nodiscard]] bool commit(Offset offset, std::uint64_t bytes);

private:
    using Clock = std::chrono::steady_clock;

    struct Part {
        shm::Region region;
        std::uint64_t ahead_bytes = 0;
        std::uint64_t step_bytes = 0;  ///< step size of the thread
        Offset frontier = 0;           ///< end of the backed memory
        Offset wanted = 0;             ///< end of the memory to back
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
