#include "shm/index/name_index.hpp"

#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "tests/shm/name_index_support.hpp"

namespace ringside::shm {
namespace {

using testing::NameIndexTest;
using testing::numbered_name;

/// Returns a name that shares a long prefix, is a prefix of another, has the minimum or maximum
/// length, or contains bytes that would order differently as signed characters.
std::string any_name(std::mt19937_64& random) {
    const std::string number = std::to_string(random() % 3000);
    switch (random() % 7) {
        case 0: return "event/42/section/101/seat/" + number;
        case 1: return number;
        case 2: return std::string(random() % 12 + 1, 'a');
        case 3: return std::string(limits::name_bytes_max - 5, 'p') + "/" + number;
        case 4: return "\xc3\xa9/" + number + "/\xf0\x9f\x8e\xab";
        case 5: {
            std::string name(random() % 8 + 1, ' ');
            for (char& c : name) c = "\x20\x7f\x80\xff"[random() % 4];
            return name;
        }
        default: return "event/" + number + "/x";
    }
}

TEST_F(NameIndexTest, AnEmptyIndexHasNothing) {
    EXPECT_TRUE(walk().empty());
    insert("a");
    erase(model_.begin());
    EXPECT_TRUE(walk().empty());
    EXPECT_TRUE(walk("a").empty());
}

TEST_F(NameIndexTest, NamesAreInTheOrderOfTheirBytes) {
    for (const char* name : {"b", "\xff", "a", "\x7f", "\x80", "ab", "a/b", "\xc3\xa9", "abc"}) {
        insert(name);
    }
    expect_equal();
    EXPECT_EQ(walk("\x7f\x01").size(), 3U) << "80, c3 a9 and ff are above 7f";
}

TEST_F(NameIndexTest, AgreesWithAMapUnderRandomChanges) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::mt19937_64 random(seed);
        for (int step = 0; step < 20'000; ++step) {
            // Grows for a while, then shrinks to nothing, so that all splits and merges occur.
            const bool grow = step < 12'000 ? random() % 4 != 0 : random() % 4 == 0;
            const std::string name = any_name(random);
            auto place = model_.lower_bound(name);
            if (grow && (place == model_.end() || place->first != name)) {
                insert(name);
            } else if (!grow && !model_.empty()) {
                erase(place == model_.end() ? model_.begin() : place);
            }
            if (step % 250 == 0) {
                expect_equal();
                for (int i = 0; i < 4; ++i) expect_equal(any_name(random));
                free_retired();
            }
            if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
        }
        while (!model_.empty()) erase(model_.begin());
        free_retired();
        EXPECT_EQ(heap_.bytes_used(), 0U) << "seed " << seed;
    }
}

TEST_F(NameIndexTest, LongNamesWithACommonPrefixAreDistinguished) {
    // Three levels of nodes, with separators of a thousand bytes.
    const std::string common(1000, 'x');
    std::mt19937_64 random(9);
    while (model_.size() < 9'000) {
        const std::string name = common + std::to_string(random() % 1'000'000);
        if (!model_.contains(name)) insert(name);
        free_retired();
        ASSERT_FALSE(HasFatalFailure());
    }
    expect_equal();
    expect_equal(common);
    expect_equal(common + "5");
    expect_equal(std::string(999, 'x'));
    EXPECT_TRUE(walk(std::string(999, 'x') + "y").empty());
    while (!model_.empty()) erase(model_.begin());
    free_retired();
    EXPECT_EQ(heap_.bytes_used(), 0U);
}

TEST_F(NameIndexTest, NamesInAscendingOrderFillTheirLeaves) {
    constexpr int names = 20'000;
    for (int i = 0; i < names; ++i) insert(numbered_name(i));
    free_retired();
    expect_equal();
    expect_equal("n/00010000");
    expect_equal("n/00010000x");
    const std::uint64_t blocks = names * Heap::rounded(VersionBlock::bytes_needed(10, 0, false));
    EXPECT_LE((heap_.bytes_used() - blocks) / names, 9U) << "bytes a record";
}

/// Readers are threads. Nodes, blocks and slots that the writer removes are reused once all walks
/// that had begun before have ended.
class NameIndexThreads : public NameIndexTest {
protected:
    struct Waiting {
        std::uint64_t walks_begun;
        std::vector<std::pair<Offset, std::uint64_t>> nodes;
        std::vector<RecordId> records;
    };
    std::atomic<std::uint64_t> walks_begun_ = 0;
    std::atomic<std::uint64_t> walks_ended_ = 0;
    std::deque<Waiting> waiting_;

    void free_later(std::vector<RecordId> erased) {
        // acq_rel: a walk that is not counted here begins later, and sees the removal.
        const std::uint64_t begun = walks_begun_.fetch_add(0, std::memory_order_acq_rel);
        waiting_.push_back({begun, std::exchange(retired_, {}), std::move(erased)});
        while (!waiting_.empty() &&
               walks_ended_.load(std::memory_order_acquire) >= waiting_.front().walks_begun) {
            for (const auto& [offset, bytes] : waiting_.front().nodes) heap_.free(offset, bytes);
            for (const RecordId id : waiting_.front().records) drop_record(id);
            waiting_.pop_front();
        }
    }
    /// Returns the names from `from` on, by one walk.
    std::vector<std::string> read(std::string_view from) {
        walks_begun_.fetch_add(1, std::memory_order_acq_rel);
        std::vector<std::string> names;
        for (const std::uint32_t id : walk(from)) {
            names.emplace_back(index::name_of(segment_.view(), id));
        }
        walks_ended_.fetch_add(1, std::memory_order_acq_rel);
        return names;
    }
};

TEST_F(NameIndexThreads, MeetEveryLastingNameOnceAndInOrder) {
    constexpr int lasting = 300;
    constexpr int names = 30'000;
    for (int i = 0; i < lasting; ++i) insert(numbered_name(i * names / lasting));
    std::atomic<bool> stop = false;
    std::atomic<int> walks = 0;
    std::string wrong;
    std::thread reading([&] {
        for (int turn = 0; !stop.load() && wrong.empty(); ++turn) {
            const std::string from = numbered_name(turn % 2 == 0 ? 0 : turn * 611 % names);
            auto expected = model_.lower_bound(from);
            std::string last;
            for (const std::string& name : read(from)) {
                if (name < from) wrong = name + " is before " + from;
                if (name <= last) wrong = last + " then " + name;
                last = name;
                if (!model_.contains(name)) continue;
                if (expected == model_.end() || name != expected->first) {
                    wrong = name + " is not the next one";
                    break;
                }
                ++expected;
            }
            if (expected != model_.end() && wrong.empty()) wrong = expected->first + " is missing";
            ++walks;
        }
    });
    // Waves of several thousand names that appear and disappear: leaves and inner nodes split and
    // merge.
    std::mt19937_64 random(5);
    std::map<int, RecordId> coming;
    for (int step = 0; (step < 40'000 || walks.load() < 20) && step < 4'000'000; ++step) {
        const int number = static_cast<int>(random() % names);
        const auto place = coming.find(number);
        const bool grow = step / 5'000 % 2 == 0;
        if (grow && place == coming.end() && !model_.contains(numbered_name(number))) {
            const RecordId id = coming[number] = make_record(numbered_name(number));
            EXPECT_TRUE(index_.insert(id));
            free_later({});
        } else if (!grow && !coming.empty()) {
            const auto gone = place == coming.end() ? coming.begin() : place;
            EXPECT_TRUE(index_.erase(gone->second));
            free_later({gone->second});
            coming.erase(gone);
        }
    }
    stop = true;
    reading.join();
    EXPECT_EQ(wrong, "");
    EXPECT_GE(walks.load(), 20);
}

}  // namespace
}  // namespace ringside::shm
