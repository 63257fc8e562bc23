#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "shm/ring/change_ring.hpp"
#include "tests/support/test_grid.hpp"

/// Entries of the change ring that a broker counted but did not publish before it died.
namespace ringside {
namespace {

using shm::Change;
using shm::ChangeRingReader;
using shm::ChangeRingWriter;

class WipedEntries : public ::testing::Test {
protected:
    static constexpr shm::SegmentShape shape{.memory_bytes = 16ULL << 20, .ring_entries = 64};

    static void append(ChangeRingWriter& writer, Revision revision) {
        writer.make_room(1);
        Change change;
        change.revision = revision;
        writer.append(change);
    }
    /// A broker publishes revisions 1 to 3, and dies between the two stores that publish revision
    /// 4.
    void die_while_publishing() {
        ChangeRingWriter dying(segment_.view());
        for (Revision revision = 1; revision <= 3; ++revision) append(dying, revision);
        dying.publish(3);
        append(dying, 4);
        segment_.header().commit.head.store(dying.head());
    }

    shm::Segment segment_ = shm::Segment::create_anonymous(shape).value();
    ChangeRingReader reader_{segment_.view()};
};

TEST_F(WipedEntries, WipedEntriesAreNoLongerCounted) {
    die_while_publishing();
    EXPECT_EQ(reader_.head(), 4U);
    ChangeRingWriter next(segment_.view());
    next.adopt(0, 3, 4);
    EXPECT_EQ(reader_.head(), 3U);
    EXPECT_FALSE(reader_.read(3));
    EXPECT_EQ(reader_.tail(), 0U) << "nothing was lapped";
}

TEST_F(WipedEntries, DoNotKeepAReaderFromFindingItsPlace) {
    die_while_publishing();
    ChangeRingWriter next(segment_.view());
    next.adopt(0, 3, 4);
    // The state seen by a reader that loaded the head before.
    segment_.header().commit.head.store(4);
    EXPECT_EQ(reader_.find(4), 3U);
    EXPECT_EQ(reader_.find(3), 2U);
    EXPECT_EQ(reader_.find(1), 0U);
}

}  // namespace
}  // namespace ringside
