#include "shm/lane/byte_ring.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <random>
#include <string>
#include <thread>

namespace ringside::shm {
namespace {

using Outcome = ByteRingConsumer::Outcome;
using Deadline = std::chrono::steady_clock::time_point;

constexpr std::uint32_t capacity = 1024;
constexpr std::size_t no_limit = 1U << 20;

Untrusted<std::uint32_t> load(const HalfWord& word) {
    return Untrusted<std::uint32_t>::load(word, std::memory_order_acquire);
}

/// The memory of a ring, shared with child processes, and both of its sides. The ring ends at the
/// start of an inaccessible page.
struct Ring {
    static constexpr std::size_t page_bytes = 4096;
    struct Shared {
        alignas(64) HalfWord tail;
        alignas(64) HalfWord head;
        std::byte padding[page_bytes - 128 - capacity + 60];
        std::byte bytes[capacity];
    };
    static_assert(sizeof(Shared) == page_bytes);

    Ring() : shared(make()) {}
    ~Ring() { munmap(shared, 2 * page_bytes); }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    static Shared* make() {
        void* memory = mmap(nullptr, 2 * page_bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        mprotect(static_cast<std::byte*>(memory) + page_bytes, page_bytes, PROT_NONE);
        return new (memory) Shared;
    }
    void put_header(std::uint32_t size, std::uint32_t more) const {
        const FrameHeader header{size, more};
        std::memcpy(shared->bytes, &header, sizeof header);
    }

    [[nodiscard]] std::optional<RingIndices> indices() const {
        return RingIndices::parse(load(shared->head), load(shared->tail), capacity);
    }

    Shared* shared;
    ByteRingProducer producer{shared->bytes, capacity, shared->tail, shared->head};
    ByteRingConsumer consumer{shared->bytes, capacity, shared->tail, shared->head};
};

Bytes pattern(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>(i * 7 + seed);
    return bytes;
}

/// Returns a message whose size and content follow from its number.
Bytes numbered(std::uint64_t number) {
    Bytes bytes = pattern(8 + number * 37 % (frame_bytes_max(capacity) - 8), 0);
    for (Byte& byte : bytes) byte = static_cast<Byte>(byte ^ number);
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

std::uint64_t number_of(const Bytes& message) {
    std::uint64_t number = 0;
    std::memcpy(&number, message.data(), sizeof number);
    return number;
}

TEST(ByteRing, FreshRingIsEmpty) {
    Ring ring;
    Bytes out;
    bool more = false;
    EXPECT_FALSE(ring.consumer.has_data());
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::empty);
}

TEST(ByteRing, FrameIsInvisibleUntilItIsFlushed) {
    Ring ring;
    ASSERT_TRUE(ring.producer.push(pattern(20, 1), false));
    Bytes out;
    bool more = true;
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::empty);
    ring.producer.flush();
    EXPECT_TRUE(ring.consumer.has_data());
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_EQ(out, pattern(20, 1));
    EXPECT_FALSE(more);
    EXPECT_FALSE(ring.consumer.has_data());
}

TEST(ByteRing, FramesOfEverySizeSurviveWrapping) {
    Ring ring;
    for (unsigned round = 0; round < 5; ++round) {
        for (std::uint32_t size = 0; size <= frame_bytes_max(capacity); ++size) {
            ASSERT_TRUE(ring.producer.push(pattern(size, round), false));
            ring.producer.flush();
            Bytes out;
            bool more = false;
            ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
            ring.consumer.release();
            ASSERT_EQ(out, pattern(size, round)) << size;
        }
    }
}

TEST(ByteRing, FullRingTakesNoMoreUntilItsConsumerReleases) {
    Ring ring;
    std::size_t pushed = 0;
    while (ring.producer.push(pattern(56, 0), false)) ++pushed;
    EXPECT_EQ(pushed, capacity / 64);
    EXPECT_EQ(ring.producer.room(), 0U);
    ring.producer.flush();
    Bytes out;
    bool more = false;
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_FALSE(ring.producer.push(pattern(56, 0), false));
    ring.consumer.release();
    EXPECT_EQ(ring.producer.room(), 56U);
    EXPECT_TRUE(ring.producer.push(pattern(56, 0), false));
}

TEST(ByteRing, RoomIsWhatOneFrameCanTake) {
    Ring ring;
    EXPECT_EQ(ring.producer.room(), frame_bytes_max(capacity));
    for (const std::uint32_t size : {256U, 250U, 200U, 3U, 41U}) {
        ASSERT_TRUE(ring.producer.push(pattern(size, 0), false));
        ASSERT_LE(ring.producer.room(), frame_bytes_max(capacity));
    }
    ASSERT_TRUE(ring.producer.push(pattern(ring.producer.room(), 0), false));
}

TEST(ByteRing, PiecesMakeUpOneMessage) {
    Ring ring;
    ASSERT_TRUE(ring.producer.push(pattern(100, 1), true));
    ASSERT_TRUE(ring.producer.push(pattern(50, 2), false));
    ring.producer.flush();
    Bytes out;
    bool more = false;
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_TRUE(more);
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_FALSE(more);
    Bytes expected = pattern(100, 1);
    const Bytes second = pattern(50, 2);
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_EQ(out, expected);
}

TEST(ByteRing, IndicesWrapAtTheEndOf32Bits) {
    Ring ring;
    // 2^32 bytes in frames of 264 bytes are too many for a test. The private indices reach this
    // point by pushing and popping frames of the largest size.
    constexpr std::uint64_t rounds = (1ULL << 32) / frame_bytes(frame_bytes_max(capacity)) + 10;
    const Bytes payload = pattern(frame_bytes_max(capacity), 3);
    Bytes out;
    out.reserve(payload.size());
    bool more = false;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        ASSERT_TRUE(ring.producer.push(payload, false));
        ring.producer.flush();
        out.clear();
        ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
        ring.consumer.release();
    }
    EXPECT_EQ(out, payload);
    EXPECT_LT(ring.producer.tail(), 1U << 20);
}

TEST(ByteRing, TailBeyondTheCapacityIsBroken) {
    for (const std::uint32_t tail : {capacity + 8, 0x8000'0000U, 0xffff'ffffU, 0xffff'fff8U}) {
        Ring ring;
        ring.put_header(8, 0);
        ring.shared->tail = tail;
        Bytes out;
        bool more = false;
        EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken) << tail;
        EXPECT_TRUE(out.empty());
    }
}

TEST(ByteRing, SizeBeyondTheAvailableBytesIsBroken) {
    for (const std::uint32_t size : {9U, 64U, capacity, 0x7fff'ffffU, 0xffff'fff8U, 0xffff'ffffU}) {
        Ring ring;
        ring.put_header(size, 0);
        ring.shared->tail = 16;
        Bytes out;
        bool more = false;
        EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken) << size;
        EXPECT_TRUE(out.empty());
    }
}

TEST(ByteRing, FrameBeyondItsLargestSizeIsBroken) {
    Ring ring;
    ring.put_header(frame_bytes_max(capacity) + 1, 0);
    ring.shared->tail = capacity;
    Bytes out;
    bool more = false;
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken);
}

TEST(ByteRing, TailWithinAWordIsBroken) {
    Ring ring;
    ring.put_header(0, 0);
    ring.shared->tail = 4;
    Bytes out;
    bool more = false;
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken);
}

TEST(ByteRing, TheHintOfTheNextFrameIsKnownBeforeItIsTaken) {
    Ring ring;
    ASSERT_TRUE(ring.producer.push(pattern(8, 1), false, 0xffff'ffff));
    ASSERT_TRUE(ring.producer.push(pattern(8, 2), false, 0x1234'5678));
    ring.producer.flush();
    Bytes out;
    bool more = true;
    EXPECT_EQ(ring.consumer.next_hint(), 0U) << "nothing was looked at yet";
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_FALSE(more) << "a hint is no flag";
    EXPECT_EQ(ring.consumer.next_hint(), 0x1234'5678U);
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_EQ(ring.consumer.next_hint(), 0U);
}

TEST(ByteRing, ConsumerWithoutTheBeginningSkipsTheRestOfAMessage) {
    Ring ring;
    ASSERT_TRUE(ring.producer.push(pattern(40, 1), true));
    ASSERT_TRUE(ring.producer.push(pattern(40, 2), true));
    ring.producer.flush();
    Bytes out;
    bool more = false;
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    ring.consumer.release();
    out.clear();  // what another consumer in its place would have
    ASSERT_TRUE(ring.producer.push(pattern(40, 3), false));
    ASSERT_TRUE(ring.producer.push(pattern(24, 4), false));
    ring.producer.flush();
    ring.consumer.adopt(ring.indices().value());
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::skipped);
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::skipped);
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_FALSE(more);
    EXPECT_EQ(out, pattern(24, 4));
}

TEST(ByteRing, RestOfAnUnwantedMessageIsSkippedOneFrameAtATime) {
    Ring ring;
    for (const bool more : {true, true, true, false}) {
        ASSERT_TRUE(ring.producer.push(pattern(40, 1), more));
    }
    ASSERT_TRUE(ring.producer.push(pattern(24, 4), false));
    ring.producer.flush();
    Bytes out;
    bool more = false;
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    ring.consumer.skip_message();
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::skipped);
        EXPECT_EQ(more, i < 2);
    }
    ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    EXPECT_EQ(out, pattern(24, 4));
}

TEST(ByteRing, SkippedMessageThatNeverEndsIsBrokenAtTheLimit) {
    Ring ring;
    Bytes out;
    bool more = false;
    std::size_t skipped = 0;
    ASSERT_TRUE(ring.producer.push(pattern(100, 0), true));
    ring.producer.flush();
    ASSERT_EQ(ring.consumer.pop(out, 1000, more), Outcome::frame);
    ring.consumer.skip_message();
    Outcome outcome = Outcome::skipped;
    for (; outcome == Outcome::skipped && skipped < 100; ++skipped) {
        ring.consumer.release();
        ASSERT_TRUE(ring.producer.push(pattern(100, 0), true));
        ring.producer.flush();
        outcome = ring.consumer.pop(out, 1000, more);
    }
    EXPECT_EQ(outcome, Outcome::broken);
    EXPECT_EQ(skipped, 11U);
}

TEST(ByteRing, FrameThatContinuesNoMessageIsBroken) {
    Ring ring;
    ring.put_header(8, FrameHeader::continued);
    ring.shared->tail = 16;
    Bytes out;
    bool more = false;
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken);
    EXPECT_EQ(ring.consumer.fault(), ByteRingConsumer::Fault::beginning);
}

TEST(ByteRing, FrameThatContinuesAMessageByNothingIsBroken) {
    for (const std::uint32_t flags : {FrameHeader::continued, FrameHeader::known_flags}) {
        Ring ring;
        ring.put_header(0, flags);
        ring.shared->tail = 8;
        ring.consumer.adopt(
            RingIndices::parse(load(ring.shared->head), load(ring.shared->head), capacity).value());
        Bytes out;
        bool more = false;
        EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken);
        EXPECT_EQ(ring.consumer.fault(), ByteRingConsumer::Fault::emptiness);
    }
}

TEST(ByteRing, ImpossibleIndicesAreNotParsed) {
    struct Case {
        std::uint32_t head;
        std::uint32_t tail;
        bool is_possible;
    };
    for (const Case& one :
         {Case{0, 0, true}, Case{0, capacity, true}, Case{8, 8 + capacity, true},
          Case{0xffff'fff8, 8, true}, Case{0, capacity + 8, false}, Case{8, 0, false},
          Case{4, 4, false}, Case{0, 12, false}, Case{capacity - 4, capacity - 4, false}}) {
        Ring ring;
        ring.shared->head = one.head;
        ring.shared->tail = one.tail;
        EXPECT_EQ(ring.indices().has_value(), one.is_possible) << one.head << ' ' << one.tail;
    }
}

TEST(ByteRing, ProducerContinuesWithinTheRingWhereverAFormerOneStopped) {
    for (std::uint32_t at = 0; at < 2 * capacity; at += 8) {
        Ring ring;
        ring.shared->head = at;
        ring.shared->tail = at;
        ring.producer.adopt(ring.indices().value());
        ring.consumer.adopt(ring.indices().value());
        ASSERT_TRUE(ring.producer.push(pattern(100, at), false));
        ring.producer.flush();
        Bytes out;
        bool more = false;
        ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
        ASSERT_EQ(out, pattern(100, at));
    }
}

TEST(ByteRing, AMessageThatBeginsAgainTakesThePlaceOfItsFirstHalf) {
    Ring ring;
    ASSERT_TRUE(ring.producer.push(pattern(40, 1), true));
    ring.producer.begin_again();
    ASSERT_TRUE(ring.producer.push(pattern(40, 2), true));
    ASSERT_TRUE(ring.producer.push(pattern(8, 3), false));
    ring.producer.flush();
    Bytes out;
    bool more = true;
    while (more) ASSERT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::frame);
    Bytes expected = pattern(40, 2);
    const Bytes rest = pattern(8, 3);
    expected.insert(expected.end(), rest.begin(), rest.end());
    EXPECT_EQ(out, expected);
}

TEST(ByteRing, MessageThatNeverEndsIsBrokenAtTheLimit) {
    Ring ring;
    Bytes out;
    bool more = true;
    std::size_t frames = 0;
    Outcome outcome = Outcome::frame;
    while (outcome == Outcome::frame && frames < 1000) {
        ASSERT_TRUE(ring.producer.push(pattern(100, 0), true));
        ring.producer.flush();
        outcome = ring.consumer.pop(out, 1000, more);
        ring.consumer.release();
        ++frames;
    }
    EXPECT_EQ(outcome, Outcome::broken);
    EXPECT_EQ(out.size(), 1000U);
    EXPECT_EQ(frames, 11U);
}

TEST(ByteRing, MessageThatNeverGrowsIsBroken) {
    Ring ring;
    ring.put_header(0, 1);
    ring.shared->tail = 8;
    Bytes out;
    bool more = false;
    EXPECT_EQ(ring.consumer.pop(out, no_limit, more), Outcome::broken);
}

TEST(ByteRing, ProducerNoticesAHeadThatCannotBeTrue) {
    Ring ring;
    while (ring.producer.push(pattern(56, 0), false)) continue;
    EXPECT_FALSE(ring.producer.peer_is_broken());
    ring.shared->head = 64'000;
    EXPECT_FALSE(ring.producer.push(pattern(56, 0), false));
    EXPECT_TRUE(ring.producer.peer_is_broken());
    EXPECT_EQ(ring.producer.room(), 0U);
}

TEST(ByteRing, HostileWordsNeverReachBeyondTheRing) {
    std::mt19937 random(7);
    const auto word = [&random] {
        // Mostly small or close to the capacity, where the limits apply.
        switch (random() % 4) {
            case 0: return random() % 16;
            case 1: return capacity + random() % 32 - 16;
            case 2: return random() % capacity;
            default: return random();
        }
    };
    for (int round = 0; round < 30'000; ++round) {
        Ring ring;
        for (std::size_t at = 0; at < capacity; at += 4) {
            const auto value = static_cast<std::uint32_t>(word());
            std::memcpy(ring.shared->bytes + at, &value, sizeof value);
            if (at > 64 && round % 16 != 0) break;
        }
        ring.shared->tail = static_cast<std::uint32_t>(word());
        Bytes out;
        bool more = false;
        std::size_t frames = 0;
        while (ring.consumer.pop(out, no_limit, more) == Outcome::frame) ++frames;
        ASSERT_LE(frames, capacity / 8);
        ASSERT_LE(out.size(), capacity);
    }
}

/// Maximum time without a message before the other side counts as stuck.
constexpr std::chrono::seconds patience{60};

/// Takes messages until `last` arrives. Each must be complete and in order.
void expect_messages(ByteRingConsumer& consumer, std::uint64_t last) {
    Bytes out;
    Deadline deadline = std::chrono::steady_clock::now() + patience;
    bool more = false;
    for (std::uint64_t expected = 1; expected <= last;) {
        out.clear();
        const Outcome outcome = consumer.pop(out, no_limit, more);
        ASSERT_NE(outcome, Outcome::broken);
        if (outcome == Outcome::empty) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            std::this_thread::yield();
            continue;
        }
        ASSERT_EQ(out, numbered(expected));
        consumer.release();
        ++expected;
        // The time limit applies to a missing message, not to the number of messages.
        if (expected % 1024 == 0) deadline = std::chrono::steady_clock::now() + patience;
    }
}

TEST(ByteRingThreads, MessagesArriveWholeAndInOrder) {
    Ring ring;
    constexpr std::uint64_t last = 100'000;
    std::atomic<bool> has_failed = false;
    std::thread writer([&] {
        for (std::uint64_t number = 1; number <= last; ++number) {
            const Bytes message = numbered(number);
            while (!ring.producer.push(message, false)) {
                ring.producer.flush();
                if (has_failed) return;
                std::this_thread::yield();
            }
            if (number % 3 == 0) ring.producer.flush();
        }
        ring.producer.flush();
    });
    expect_messages(ring.consumer, last);
    has_failed = HasFatalFailure();
    writer.join();
    EXPECT_FALSE(ring.producer.peer_is_broken());
}

TEST(ByteRing, ProducerThatIsKilledLeavesWholeMessagesOnly) {
    for (int round = 0; round < 20; ++round) {
        Ring ring;
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            for (std::uint64_t number = 1;; ++number) {
                const Bytes message = numbered(number);
                while (!ring.producer.push(message, false)) ring.producer.flush();
                ring.producer.flush();
            }
        }
        const auto last = static_cast<std::uint64_t>(10 + round * 13);
        expect_messages(ring.consumer, last);
        kill(child, SIGKILL);
        ASSERT_EQ(waitpid(child, nullptr, 0), child);
        if (HasFatalFailure()) return;
        Bytes out;
        bool more = false;
        std::uint64_t expected = last + 1;
        Outcome outcome = Outcome::frame;
        while ((outcome = ring.consumer.pop(out, no_limit, more)) == Outcome::frame) {
            ASSERT_EQ(number_of(out), expected);
            ASSERT_EQ(out, numbered(expected));
            out.clear();
            ++expected;
        }
        EXPECT_EQ(outcome, Outcome::empty);
    }
}

}  // namespace
}  // namespace ringside::shm
