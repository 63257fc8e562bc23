#include "shm/ring/change_ring.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace ringside::shm {
namespace {

Segment segment_with_ring(std::uint64_t entries) {
    return Segment::create_anonymous({.memory_bytes = 16ULL << 20, .ring_entries = entries})
        .value();
}

/// Returns a change whose words all follow from its revision, so that a mixed one is detected.
Change change_at(Revision revision) {
    Change change;
    change.revision = revision;
    change.time_ns = revision * 3;
    change.version = (revision * 5) & offset_mask;
    change.path = (revision * 7) & offset_mask;
    change.kind = ChangeKind::patch;
    change.record = RecordId{static_cast<std::uint32_t>(revision * 11)};
    change.name_hash = static_cast<std::uint32_t>(revision * 13);
    change.session = static_cast<SessionId>(revision * 17);
    change.lane = static_cast<std::uint16_t>(revision * 19);
    change.command = revision * 23;
    return change;
}

void expect_whole(const Change& change) {
    const Change expected = change_at(change.revision);
    ASSERT_EQ(change.time_ns, expected.time_ns);
    ASSERT_EQ(change.version, expected.version);
    ASSERT_EQ(change.path, expected.path);
    ASSERT_EQ(change.record, expected.record);
    ASSERT_EQ(change.name_hash, expected.name_hash);
    ASSERT_EQ(change.session, expected.session);
    ASSERT_EQ(change.lane, expected.lane);
    ASSERT_EQ(change.command, expected.command);
}

void commit(ChangeRingWriter& writer, Revision revision, int changes = 1) {
    writer.make_room(static_cast<std::uint64_t>(changes));
    for (int i = 0; i < changes; ++i) writer.append(change_at(revision));
    writer.publish(revision);
}

TEST(ChangeRing, TheNextRevisionBeginsAtItsFirstEntryWhateverTheHeadSays) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    const ChangeRingReader reader(segment.view());
    commit(writer, 1, 3);
    // Between the two stores of a publication: the head is stored, the revision is not.
    commit(writer, 2, 2);
    segment.header().commit.published.store(1);
    EXPECT_EQ(reader.head(), 5U);
    EXPECT_EQ(reader.find(2), Position{3}) << "a watch would never hear of revision 2";
    EXPECT_EQ(reader.find(3), Position{5});
}

TEST(ChangeRing, ReadReturnsTheWrittenEntry) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    const ChangeRingReader reader(segment.view());
    commit(writer, 1);
    const auto change = reader.read(0);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->revision, 1U);
    EXPECT_EQ(change->kind, ChangeKind::patch);
    expect_whole(*change);
    EXPECT_FALSE(reader.read(1));
    EXPECT_EQ(reader.head(), 1U);
}

TEST(ChangeRing, LappedReaderGetsTheNumberOfMissedEntries) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    const ChangeRingReader reader(segment.view());
    for (Revision r = 1; r <= 100; ++r) commit(writer, r);
    EXPECT_FALSE(reader.read(0));
    EXPECT_EQ(reader.tail(), 36U);
    EXPECT_EQ(reader.read(reader.tail())->revision, 37U);
}

TEST(ChangeRing, TailStandsAtTheFirstEntryOfARevision) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    for (Revision r = 1; r <= 10; ++r) commit(writer, r, 10);
    // 100 entries were written and 64 fit, so revision 4 lacks some of its ten entries.
    EXPECT_EQ(writer.tail(), 40U);
    EXPECT_EQ(writer.tail_revision(), 5U);
}

TEST(ChangeRing, FindsWhereARevisionBegins) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    const ChangeRingReader reader(segment.view());
    EXPECT_EQ(reader.find(1), Position{0});
    for (Revision r = 1; r <= 10; ++r) commit(writer, r, 10);
    EXPECT_EQ(reader.find(5), Position{40});
    EXPECT_EQ(reader.find(7), Position{60});
    EXPECT_EQ(reader.find(11), Position{100});
    EXPECT_FALSE(reader.find(4)) << "some of its changes are gone";
    writer.advance_tail(writer.head());
    EXPECT_FALSE(reader.find(10)) << "compacted";
    EXPECT_EQ(reader.find(11), Position{100});
}

TEST(ChangeRing, RewoundEntriesAreNeverSeen) {
    const Segment segment = segment_with_ring(64);
    ChangeRingWriter writer(segment.view());
    const ChangeRingReader reader(segment.view());
    commit(writer, 1);
    writer.append(change_at(999));
    writer.rewind(1);
    EXPECT_EQ(reader.head(), 1U);
    commit(writer, 2);
    EXPECT_EQ(reader.read(1)->revision, 2U);
}

TEST(ChangeRingThreads, ReaderSeesWholeEntriesInOrderOrIsLapped) {
    const Segment segment = segment_with_ring(64);
    constexpr Revision last = 200'000;
    std::thread writing([&] {
        ChangeRingWriter writer(segment.view());
        for (Revision r = 1; r <= last; ++r) commit(writer, r);
    });
    const ChangeRingReader reader(segment.view());
    Position cursor = 0;
    Revision seen = 0;
    std::uint64_t delivered = 0;
    while (seen < last) {
        const Revision published =
            segment.header().commit.published.load(std::memory_order_acquire);
        if (cursor >= reader.head()) continue;
        const auto change = reader.read(cursor);
        if (!change) {
            cursor = std::max(cursor, reader.tail());
            continue;
        }
        if (change->revision > published) continue;
        expect_whole(*change);
        ASSERT_GT(change->revision, seen);
        seen = change->revision;
        ++cursor;
        ++delivered;
    }
    writing.join();
    EXPECT_GT(delivered, 0U);
}

}  // namespace
}  // namespace ringside::shm
