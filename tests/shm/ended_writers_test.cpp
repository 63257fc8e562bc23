#include "shm/ring/ended_writers.hpp"

#include <gtest/gtest.h>

#include "shm/segment/segment.hpp"

namespace ringside::shm {
namespace {

class EndedWritersTest : public ::testing::Test {
protected:
    Segment segment_ =
        Segment::create_anonymous({.memory_bytes = 16ULL << 20, .ring_entries = 64}).value();
    const SegmentView& view_ = segment_.view();
    const std::uint64_t kept_ = ended_writers_kept(64);

    void add(SessionId session) {
        add_ended_writer(view_, {.session = session, .pid = 1000 + session, .program = "p"});
    }
};

TEST_F(EndedWritersTest, EntryIsFoundByItsSession) {
    add_ended_writer(view_, {.session = 7,
                             .pid = 4242,
                             .uid = 1000,
                             .gid = 100,
                             .opened_ns = 5,
                             .ended_ns = 9,
                             .program = "loader",
                             .user = "anna"});
    const auto found = find_ended_writer(view_, 7);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pid, 4242U);
    EXPECT_EQ(found->uid, 1000U);
    EXPECT_EQ(found->gid, 100U);
    EXPECT_EQ(found->opened_ns, 5U);
    EXPECT_EQ(found->ended_ns, 9U);
    EXPECT_EQ(found->program, "loader");
    EXPECT_EQ(found->user, "anna");
    EXPECT_FALSE(find_ended_writer(view_, 8));
}

TEST_F(EndedWritersTest, NewEntryReplacesTheOldestOne) {
    for (SessionId session = 1; session <= kept_ + 1; ++session) add(session);
    EXPECT_FALSE(find_ended_writer(view_, 1));
    EXPECT_TRUE(find_ended_writer(view_, 2));
    const auto all = ended_writers(view_);
    ASSERT_EQ(all.size(), kept_);
    EXPECT_EQ(all.front().session, kept_ + 1);
    EXPECT_EQ(all.back().session, 2U);
}

TEST_F(EndedWritersTest, TextsAreTruncatedToTheirPlace) {
    add_ended_writer(
        view_, {.session = 1, .program = std::string(200, 'p'), .user = std::string(200, 'u')});
    const auto found = find_ended_writer(view_, 1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->program, std::string(limits::session_name_bytes_max - 1, 'p'));
    EXPECT_EQ(found->user, std::string(limits::user_bytes_max - 1, 'u'));
}

TEST_F(EndedWritersTest, EntryWhoseWriterDiedIsReplacedFirst) {
    add(1);
    add(2);
    // A broker that died before W4 has not counted the entry of session 2.
    view_.header().broker.writers_ended = 1;
    EXPECT_TRUE(find_ended_writer(view_, 2)) << "complete, although not counted";
    view_.at<EndedWriterEntry>(view_.identity().writers.offset)[1].session = 0;
    EXPECT_FALSE(find_ended_writer(view_, 2)) << "died before W3";
    add(3);
    EXPECT_TRUE(find_ended_writer(view_, 1));
    EXPECT_TRUE(find_ended_writer(view_, 3));
    EXPECT_EQ(ended_writers(view_).size(), 2U);
}

}  // namespace
}  // namespace ringside::shm
