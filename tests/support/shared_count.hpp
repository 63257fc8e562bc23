#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// A counter that a test shares with its forked processes.
/// Thread safety: any thread of any of these processes.
class SharedCount {
public:
    SharedCount() {
        void* memory = mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        count_ = new (memory) std::atomic<std::uint64_t>(0);
    }
    ~SharedCount() { munmap(count_, sizeof *count_); }
    SharedCount(const SharedCount&) = delete;
    SharedCount& operator=(const SharedCount&) = delete;

    void add() const noexcept { count_->fetch_add(1); }
    [[nodiscard]] std::uint64_t value() const noexcept { return count_->load(); }

    /// Waits until the counter has at least this value.
    [[nodiscard]] bool reaches(std::uint64_t value) const {
        return eventually([&] { return this->value() >= value; });
    }

private:
    std::atomic<std::uint64_t>* count_ = nullptr;
};

}  // namespace ringside::testing
