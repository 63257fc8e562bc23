#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Backs the heap with memory ahead of need: a first touch of a fresh page costs microseconds, and
/// making a huge page of small ones milliseconds, which the engine is spared.
///
/// The heap grows from its start, so one frontier is enough. A thread keeps `ahead_bytes` between
/// what the heap has asked for and the frontier; when it is behind, the asking thread does the
/// work.
class MemoryAhead {
public:
    explicit MemoryAhead(const shm::Segment& segment);
    ~MemoryAhead();
    MemoryAhead(const MemoryAhead&) = delete;
    MemoryAhead& operator=(const MemoryAhead&) = delete;

    /// GridHost::commit_memory.
    [[nodiscard]] bool commit(Offset offset, std::uint64_t bytes);

private:
    static constexpr std::uint64_t ahead_bytes = 16ULL << 20;

    void run();

    const shm::Segment* segment_;
    std::mutex mutex_;
    std::condition_variable wanted_changed_;
    Offset frontier_;
    Offset wanted_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
