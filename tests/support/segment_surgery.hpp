#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "shm/base/descriptor.hpp"
#include "shm/base/limits.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::testing {

/// Maps a grid's segment for writing, which normally only its broker does. For a grid without a
/// broker.
class SegmentSurgery {
public:
    explicit SegmentSurgery(const std::string& grid) {
        const Descriptor file(
            open(shm::GridPaths::of(grid)->segment_path.c_str(), O_RDWR | O_CLOEXEC));
        struct stat status {};
        if (file.get() < 0 || fstat(file.get(), &status) != 0) throw std::runtime_error("segment");
        bytes_ = static_cast<std::size_t>(status.st_size);
        base_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (base_ == MAP_FAILED) throw std::runtime_error("mmap");
    }
    ~SegmentSurgery() { munmap(base_, bytes_); }
    SegmentSurgery(const SegmentSurgery&) = delete;
    SegmentSurgery& operator=(const SegmentSurgery&) = delete;

    [[nodiscard]] shm::SegmentView view() const noexcept {
        return {static_cast<std::byte*>(base_), bytes_};
    }

    /// Abandons all sessions, as a broker does after their time to resume; the next broker refuses
    /// them.
    void give_up_sessions() const {
        for (std::uint32_t i = 0; i < limits::sessions_max; ++i) {
            view().session(i).id.store(0);
        }
    }
    /// Increments the generation, like a broker that has taken over.
    void count_generation() const { view().header().horizon.generation.fetch_add(1); }

private:
    void* base_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace ringside::testing
