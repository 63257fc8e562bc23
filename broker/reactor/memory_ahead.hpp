#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Backs heap and slots with memory ahead of need: a first touch of a fresh page costs
/// microseconds, and making a huge page a tenth of a millisecond or more, which the engine is
/// spared.
///
/// Both regions grow from their start, so one frontier for each is enough. A thread keeps some
/// memory between what was asked for and the frontier; when it is behind, the asking thread does
/// the work.
class MemoryAhead {
public:
    explicit MemoryAhead(const shm::Segment& segment);
    ~MemoryAhead();
    MemoryAhead(const MemoryAhead&) = delete;
    MemoryAhead& operator=(const MemoryAhead&) = delete;

    /// GridHost::commit_memory. The engine's thread only.
    [[nodiscard]] bool commit(Offset offset, std::uint64_t bytes);

private:
    struct Part {
        shm::Region region;
        std::uint64_t ahead_bytes = 0;
        std::uint64_t step_bytes = 0;  ///< what the thread does at a time
        Offset frontier = 0;           ///< memory is there up to here
        Offset wanted = 0;             ///< and is to be up to here
    };

    void run();
    [[nodiscard]] Part* next_part() noexcept;

    const shm::Segment* segment_;
    std::mutex mutex_;
    std::condition_variable wanted_changed_;
    std::array<Part, 2> parts_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
