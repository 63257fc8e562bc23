#include "broker/reactor/memory_ahead.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "shm/segment/segment.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::broker {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

/// A host that reports an adjustable amount of memory.
class Host {
public:
    explicit Host(std::uint64_t free_bytes) : free_(free_bytes) {}

    [[nodiscard]] MemoryOptions options() {
        MemoryOptions options;
        options.back = [this](Offset offset, std::uint64_t bytes) {
            const std::lock_guard lock(mutex_);
            asked_.push_back(offset);
            if (bytes > free_) return false;
            free_ -= bytes;
            return true;
        };
        options.free_bytes = [this] { return hides_ ? ~0ULL : free_.load(); };
        options.clock = [this] { return std::chrono::steady_clock::time_point(now_.load()); };
        return options;
    }
    [[nodiscard]] std::vector<Offset> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    std::atomic<std::uint64_t> free_;
    std::atomic<bool> hides_ = false;  ///< whether the free memory is unknown before an attempt
    std::atomic<std::chrono::nanoseconds> now_{std::chrono::hours(1)};

private:
    std::mutex mutex_;
    std::vector<Offset> asked_;
};

class MemoryAheadTest : public ::testing::Test {
protected:
    const shm::Segment segment_ =
        shm::Segment::create_anonymous({.memory_bytes = 64ULL << 20}).value();
    const shm::Region heap_ = segment_.view().identity().heap;
    const shm::Region slots_ = segment_.view().identity().slots;
    static constexpr std::uint64_t step = shm::huge_page_bytes;
};

TEST_F(MemoryAheadTest, RefusalIsRememberedUntilItIsTimeToTryAgain) {
    Host host(0);
    host.hides_ = true;
    MemoryAhead memory(segment_, host.options());
    ASSERT_TRUE(eventually([&] { return host.asked().size() == 1; })) << "the first slots";
    for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(memory.commit(heap_.offset, step));
    EXPECT_EQ(host.asked().size(), 2U);
    host.now_ = host.now_.load() + MemoryAhead::retry_interval;
    for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(memory.commit(heap_.offset, step));
    EXPECT_EQ(host.asked().size(), 3U);
    host.free_ = 32U << 20;
    host.now_ = host.now_.load() + MemoryAhead::retry_interval;
    EXPECT_TRUE(memory.commit(heap_.offset, step));
}

TEST_F(MemoryAheadTest, HostThatHasLessThanIsAskedForIsNotTried) {
    Host host(step - 1);
    MemoryAhead memory(segment_, host.options());
    EXPECT_FALSE(memory.commit(heap_.offset, step));
    EXPECT_TRUE(host.asked().empty());
}

TEST_F(MemoryAheadTest, LimitOfTheHostIsTheBoundOfTheGrid) {
    Host host(1ULL << 40);
    MemoryOptions options = host.options();
    options.bytes_max = slots_.offset + slots_.bytes + 2 * step;
    MemoryAhead memory(segment_, std::move(options));
    EXPECT_TRUE(memory.commit(slots_.offset, slots_.bytes));
    EXPECT_TRUE(memory.commit(heap_.offset, 2 * step));
    EXPECT_FALSE(memory.commit(heap_.offset + 2 * step, step));
}

TEST_F(MemoryAheadTest, FirstSlotsComeBeforeMemoryAheadForTheHeap) {
    Host host(4 * step);
    MemoryAhead memory(segment_, host.options());
    EXPECT_TRUE(memory.commit(heap_.offset, step));
    EXPECT_TRUE(memory.commit(slots_.offset, std::min(slots_.bytes, step)));
    // The rest remains available for the next request.
    EXPECT_TRUE(memory.commit(heap_.offset + step, step));
}

}  // namespace
}  // namespace ringside::broker
