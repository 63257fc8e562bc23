#include <gtest/gtest.h>

#include "shm/heap/heap.hpp"
#include "shm/segment/segment.hpp"

/// Heaps whose successive brokers died in the middle of an operation.
namespace ringside::shm {
namespace {

Heap heap_after_deaths(const Segment& segment) {
    return Heap(segment.view(), [](Offset, std::uint64_t) { return true; });
}

TEST(HeapAfterDeaths, PartlyReleasedRunDoesNotJoinThePrecedingBlock) {
    const Segment segment = Segment::create_anonymous({.memory_bytes = 16ULL << 20}).value();
    const Offset begin = segment.view().identity().heap.offset;
    {
        Heap heap = heap_after_deaths(segment);
        ASSERT_EQ(heap.allocate(5 * span_bytes, Heap::Purpose::data), begin);
    }
    // The broker dies while it releases the run, after its first two spans are free.
    segment.view().span(0).size_class.store(0);
    segment.view().span(1).size_class.store(0);
    const BlockMap none(segment.view().identity().heap);
    {
        Heap heap = heap_after_deaths(segment);
        heap.adopt(none);
        ASSERT_EQ(heap.allocate(2 * span_bytes, Heap::Purpose::data), begin);
    }
    // The next broker also dies, before it has released the rest.
    BlockMap used(segment.view().identity().heap);
    ASSERT_TRUE(used.mark(begin));
    Heap heap = heap_after_deaths(segment);
    heap.adopt(used);
    heap.end_quarantine();
    EXPECT_EQ(heap.bytes_in_spans(), 2 * span_bytes);
    EXPECT_EQ(heap.bytes_used(), 2 * span_bytes);
    heap.free(begin, 2 * span_bytes);
    EXPECT_EQ(heap.bytes_in_spans(), 0U);
}

}  // namespace
}  // namespace ringside::shm
