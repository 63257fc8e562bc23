#include "broker/engine/survey.hpp"

#include <gtest/gtest.h>

#include "tests/support/grid_harness.hpp"

/// Damage that a survey must refuse, because no broker causes it, wherever it is killed. Each case
/// would make the next broker lose records or loop forever.
namespace ringside::broker {
namespace {

using testing::GridHarness;

class DamagedSegment : public ::testing::Test {
protected:
    DamagedSegment() {
        for (int i = 0; i < 200; ++i) {
            const std::string name = "event/" + std::to_string(i);
            EXPECT_TRUE(harness_.commit({harness_.put(name, std::to_string(i))}));
        }
        harness_.grid.publish();
    }

    void expect_refused(const char* why) {
        Survey survey(segment());
        const auto walked = survey.run();
        ASSERT_FALSE(walked);
        EXPECT_EQ(walked.error(), Errc::bad_segment);
        EXPECT_NE(walked.error().detail.find(why), std::string::npos) << walked.error().detail;
    }
    [[nodiscard]] const shm::SegmentView& segment() const { return harness_.segment.view(); }
    [[nodiscard]] shm::Word& root() const { return segment().header().root.index; }
    [[nodiscard]] shm::index::Inner top() const { return {segment(), root()}; }
    [[nodiscard]] shm::index::Leaf first_leaf() const {
        Offset node = root();
        while (shm::index::header_at(segment(), node).level > 0) {
            node = shm::index::Inner(segment(), node).children()[0];
        }
        return {segment(), node};
    }
    [[nodiscard]] shm::TableRoot table() const { return {segment().header().root.table.load()}; }
    [[nodiscard]] shm::Word* entries() const { return segment().at<shm::Word>(table().offset()); }
    /// Returns the first entry for which this holds.
    template <class Holds>
    shm::Word& entry_where(const Holds& holds) const {
        std::uint64_t place = 0;
        while (!holds(place)) ++place;
        return entries()[place];
    }

    GridHarness harness_;
};

TEST_F(DamagedSegment, WholeOneIsNotRefused) {
    Survey survey(segment());
    EXPECT_TRUE(survey.run());
    EXPECT_EQ(survey.live, 200U);
    ASSERT_GT(shm::index::header_at(segment(), root()).level, 0) << "the index has inner nodes";
}

TEST_F(DamagedSegment, HeadOfALeafThatIsNotItsNames) {
    ++first_leaf().heads()[3];
    expect_refused("does not reach");
}

TEST_F(DamagedSegment, SkipOfALeafThatItsNamesDoNotShare) {
    auto& word = *segment().at<std::uint16_t>(segment().offset_of(first_leaf().heads().data()) - 4);
    ASSERT_EQ(word, first_leaf().skip());
    word = 500;
    expect_refused("does not reach");
}

TEST_F(DamagedSegment, SeparatorOutOfOrder) {
    ASSERT_FALSE(top().rest(0).empty());
    top().text().back() = '\x01';
    expect_refused("not in order");
}

TEST_F(DamagedSegment, HeadOfASeparatorThatIsAnothers) {
    ++top().heads()[0];
    expect_refused("not in order");
}

TEST_F(DamagedSegment, TableEntryBehindAFreeOne) {
    // Moved to a place that no lookup of its name reaches.
    const auto is_taken = [&](std::uint64_t i) { return entries()[i] != shm::free_entry; };
    shm::Word& from = entry_where(is_taken);
    shm::Word& to = entry_where([&](std::uint64_t i) {
        return i > 500 && !is_taken(i) && !is_taken(i - 1) && !is_taken(i + 1);
    });
    to.store(from.load());
    from.store(shm::free_entry);
    expect_refused("does not reach it");
}

TEST_F(DamagedSegment, TableWithoutAFreeEntry) {
    for (std::uint64_t i = 0; i < table().entries(); ++i) {
        if (entries()[i] == shm::free_entry) entries()[i] = shm::deleted_entry;
    }
    expect_refused("no free entry");
}

TEST_F(DamagedSegment, TableSmallerThanAny) {
    segment().header().root.table = shm::TableRoot::make(table().offset(), 0).word;
    expect_refused("2^0 entries");
}

TEST_F(DamagedSegment, VersionsOfOneRecordWithTwoNames) {
    ASSERT_TRUE(harness_.commit({harness_.put("event/7", "[]")}));
    harness_.grid.publish();
    Survey before(segment());
    ASSERT_TRUE(before.run());
    ASSERT_EQ(before.replaced.size(), 1U);
    auto* older = segment().version_at(before.replaced[0].offset);
    const_cast<char&>(older->name().front()) = 'x';
    expect_refused("'xvent/7'");
}

TEST_F(DamagedSegment, RevisionsAndPositionsThatWouldBeginAgain) {
    shm::CommitLine& line = segment().header().commit;
    const Revision published = line.published;
    line.published = ~0ULL - 20;
    expect_refused("is out of range");
    line.published = published;
    line.head = ~0ULL - 20;
    segment().header().tail.tail = ~0ULL - 30;
    expect_refused("change ring runs");
}

TEST_F(DamagedSegment, RingEntryThatLeadsToNoVersion) {
    auto* ring = segment().at<shm::ChangeEntry>(segment().identity().ring.offset);
    constexpr std::size_t version_word = 2;  // as laid out in change_ring.hpp
    ring[7].words[version_word].fetch_add(1ULL << 44);
    expect_refused("references no version");
}

/// Damages a large document, whose pages are in the heap.
class DamagedPages : public DamagedSegment {
protected:
    DamagedPages() {
        std::string json = "{";
        for (int i = 0; i < 2000; ++i) json += "\"k" + std::to_string(i) + "\":[1,2],";
        json.back() = '}';
        EXPECT_TRUE(harness_.commit({harness_.put("large", json)}));
        harness_.grid.publish();
        const shm::RecordTableReader by_name(segment());
        const auto* block = by_name.find("large", by_name.hash("large"));
        if (block == nullptr) throw std::logic_error("it was put");
        tree_ = Value::of(block->document(), &segment().pages());
    }
    PageHeader& header_of(const Value& page) const {
        return *segment().at<PageHeader>(page.page_ref().offset);
    }
    Value tree_;
};

TEST_F(DamagedPages, WholeOnesAreNotRefused) {
    Survey survey(segment());
    EXPECT_TRUE(survey.run());
    EXPECT_GT(survey.pages, 20U);
    ASSERT_GT(tree_.level(), 0);
}

TEST_F(DamagedPages, CountThatIsNotWhatLeadsToItSays) {
    ++header_of(tree_.part(1)).count;
    expect_refused("does not match its reference");
}

TEST_F(DamagedPages, ContentThatIsNoDocument) {
    const ByteView bytes = tree_.part(0).page_bytes();
    const_cast<Byte*>(bytes.data())[bytes.size() - 1] = 3;
    expect_refused("invalid width of the root");
}

TEST_F(DamagedPages, PageThatIsLedToTwice) {
    Byte copy[PageRef::bytes];
    std::memcpy(copy, tree_.part_place(0), sizeof copy);
    std::memcpy(const_cast<Byte*>(tree_.part_place(1)), copy, sizeof copy);
    expect_refused("holds a different number of entries");
}

}  // namespace
}  // namespace ringside::broker
