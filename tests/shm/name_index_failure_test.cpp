#include <atomic>
#include <bit>
#include <cstring>
#include <random>
#include <thread>

#include "shm/index/name_index.hpp"
#include "tests/shm/name_index_support.hpp"

/// The index when memory is short, and when a reader finds other data in place of its nodes.
namespace ringside::shm {
namespace {

using testing::numbered_name;

/// With this many names, the next one in order splits its leaf, the inner node above and the root.
constexpr int names_of_a_full_root =
    static_cast<int>(index::leaf_entries_max * index::inner_children_max);

class NameIndexFailureTest : public testing::NameIndexTest {
protected:
    NameIndexFailureTest() : NameIndexTest({.memory_bytes = 16ULL << 20, .ring_entries = 1024}) {}

    using Blocks = std::vector<std::pair<Offset, std::uint64_t>>;

    void take(Blocks& blocks, std::uint64_t bytes, Heap::Purpose purpose) {
        const Offset block = heap_.allocate(bytes, purpose);
        if (block != 0) blocks.emplace_back(block, bytes);
    }
    void give_back(Blocks& blocks) {
        for (const auto& [block, bytes] : blocks) heap_.free(block, bytes);
        blocks.clear();
    }
    /// Runs an operation without memory, then again after each single block that is released. Each
    /// failed attempt must leave everything unchanged. Returns the number of attempts.
    template <class Operation>
    int succeed_after_refusals(Operation&& operation) {
        const auto before = walk();
        const Offset root = segment_.header().root.index.load();
        free_retired();
        // Five blocks of each node size are enough for any change.
        Blocks spare;
        Blocks rest;
        for (int i = 0; i < 5; ++i) {
            for (std::size_t c = 0; Heap::class_bytes(c) <= 4096; ++c) {
                take(spare, Heap::class_bytes(c), Heap::Purpose::data);
            }
        }
        for (std::size_t c = Heap::size_classes(); c > 0;) {
            const std::size_t taken = rest.size();
            take(rest, Heap::class_bytes(c - 1), Heap::Purpose::upkeep);
            if (rest.size() == taken) --c;
        }
        for (int tries = 1;; ++tries) {
            const std::uint64_t used = heap_.bytes_used();
            if (operation()) {
                give_back(spare);
                give_back(rest);
                return tries;
            }
            EXPECT_EQ(heap_.bytes_used(), used);
            EXPECT_TRUE(retired_.empty());
            EXPECT_EQ(segment_.header().root.index.load(), root);
            EXPECT_EQ(walk(), before);
            if (HasFailure() || spare.empty()) break;
            heap_.free(spare.back().first, spare.back().second);
            spare.pop_back();
        }
        ADD_FAILURE() << "refused with enough memory, or something has changed";
        return 0;
    }
};

TEST_F(NameIndexFailureTest, ARefusedSplitOfAllLevelsChangesNothing) {
    for (int i = 0; i < names_of_a_full_root; ++i) {
        insert(numbered_name(i));
        free_retired();
    }
    const std::string name = numbered_name(names_of_a_full_root);
    const RecordId next = model_[name] = make_record(name);
    EXPECT_GT(succeed_after_refusals([&] { return index_.insert(next); }), 5)
        << "two leaves, two inner nodes and a root were refused in turn";
    EXPECT_EQ(retired_.size(), 2U) << "the split leaf and the old root";
    expect_equal();
}

TEST_F(NameIndexFailureTest, RefusedErasesChangeNothing) {
    // The root has two inner nodes. Erasing merges the leaves, then the inner nodes, then removes
    // the tree.
    for (int i = 0; i <= names_of_a_full_root; ++i) {
        insert(numbered_name(i));
        free_retired();
    }
    std::mt19937_64 random(3);
    std::size_t merges = 0;
    while (!model_.empty()) {
        auto place = model_.lower_bound(numbered_name(
            static_cast<int>(random() % static_cast<std::uint64_t>(names_of_a_full_root))));
        if (place == model_.end()) place = model_.begin();
        if (model_.size() % 4 != 0 || model_.size() == 1) {
            erase(place);
        } else {
            const RecordId id = place->second;
            succeed_after_refusals([&] { return index_.erase(id); });
            if (HasFailure()) FAIL() << model_.size() << " names left";
            merges += retired_.size() > 2 ? 1 : 0;
            drop_record(id);
            model_.erase(place);
            expect_equal();
        }
        free_retired();
    }
    EXPECT_GT(merges, 3U) << "two leaves and the node above were replaced";
    EXPECT_EQ(heap_.bytes_used(), 0U);
}

/// A tree with three levels whose nodes the test overwrites, like reused memory under a reader
/// whose pin was revoked.
class NameIndexReuseTest : public NameIndexFailureTest {
protected:
    Blocks nodes_;  ///< all nodes, the root first
    std::vector<std::vector<std::byte>> contents_;

    NameIndexReuseTest() {
        for (int i = 0; i <= names_of_a_full_root; ++i) {
            insert(numbered_name(i));
            free_retired();
        }
        // At the very end of the segment are bytes that look like leaves beyond it.
        for (std::uint64_t before = 16; before <= 48; before += 16) {
            const index::NodeHeader header{.level = 0, .count = index::leaf_entries_max};
            segment_.view()
                .at<Word>(segment_.view().size_bytes() - before)
                ->store(std::bit_cast<std::uint64_t>(header));
        }
        collect(segment_.header().root.index.load());
        for (const auto& [node, bytes] : nodes_) {
            const auto* first = segment_.view().at<std::byte>(node);
            contents_.emplace_back(first, first + bytes);
        }
    }
    void collect(Offset node) {
        const auto header = index::header_at(segment_.view(), node);
        nodes_.emplace_back(node, header.bytes());
        if (header.level == 0) return;
        for (const Word& child : index::Inner(segment_.view(), node).children())
            collect(child.load());
    }
    /// Writes one word, usually a plausible one, into a random node.
    void overwrite(std::mt19937_64& random, std::size_t inner_share) {
        const std::size_t node =
            random() % inner_share == 0 ? random() % nodes_.size() : random() % 3;
        const auto [offset, bytes] = nodes_[node];
        const std::uint64_t at = random() % 3 == 0 ? 0 : random() % (bytes / 8) * 8;
        std::uint64_t value = random();
        switch (random() % 6) {
            case 0: value = nodes_[random() % nodes_.size()].first; break;
            case 1: value = nodes_[random() % 3].first; break;
            case 2: value = segment_.view().size_bytes() - 16 * (random() % 4); break;
            case 3:
                value = std::bit_cast<std::uint64_t>(
                    index::NodeHeader{static_cast<std::uint16_t>(random() % 4),
                                      static_cast<std::uint16_t>(random() % 70),
                                      static_cast<std::uint16_t>(random() % 1100),
                                      static_cast<std::uint16_t>(random())});
                break;
            case 4: value = 0; break;
            default: break;
        }
        segment_.view().at<Word>(offset + at)->store(value, std::memory_order_relaxed);
    }
    void restore() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            std::memcpy(segment_.view().at<std::byte>(nodes_[i].first), contents_[i].data(),
                        contents_[i].size());
        }
    }
    /// Returns false if the walk exceeds the steps that the heights allow, or leaves the segment.
    [[nodiscard]] bool walk_ends(std::string_view from) const {
        constexpr std::size_t leaves_max = index::inner_children_max * index::inner_children_max;
        NameIndexCursor cursor(segment_.view());
        cursor.seek(from);
        for (std::size_t leaves = 0; leaves <= leaves_max; ++leaves) {
            const auto ids = cursor.next();
            if (ids.empty()) return true;
            const Offset at = segment_.view().offset_of(ids.data());
            if (!segment_.view().holds(at, ids.size_bytes())) return false;
            if (ids.size() > index::leaf_entries_max) return false;
        }
        return false;
    }
};

TEST_F(NameIndexReuseTest, ARecordThatCannotBeHasNoVersion) {
    const auto slots =
        static_cast<std::uint32_t>(segment_.view().identity().slots.bytes / sizeof(Slot));
    EXPECT_NE(newest_of(segment_.view(), RecordId{0}), nullptr);
    EXPECT_EQ(newest_of(segment_.view(), RecordId{slots}), nullptr);
    EXPECT_EQ(newest_of(segment_.view(), RecordId{~0U}), nullptr);
    segment_.view().slot(RecordId{slots - 1}).newest.store(segment_.view().size_bytes() - 8);
    EXPECT_EQ(newest_of(segment_.view(), RecordId{slots - 1}), nullptr);
    EXPECT_EQ(index::name_of(segment_.view(), slots - 1), "");
}

TEST_F(NameIndexReuseTest, AWalkOverReusedMemoryEnds) {
    std::mt19937_64 random(11);
    for (int turn = 0; turn < 3'000; ++turn) {
        const auto writes = random() % 20 + 1;
        for (std::uint64_t i = 0; i < writes; ++i) overwrite(random, 2);
        // A root of another level stands for a tree of another height.
        const Offset root = nodes_.front().first;
        const auto header = index::header_at(segment_.view(), root);
        if (header.level > 2)
            std::memcpy(segment_.view().at<std::byte>(root), contents_[0].data(), 8);
        ASSERT_TRUE(walk_ends("")) << "turn " << turn;
        ASSERT_TRUE(walk_ends(numbered_name(static_cast<int>(random() % 5000)))) << "turn " << turn;
        if (turn % 4 == 0) restore();
    }
    restore();
    expect_equal();
}

TEST_F(NameIndexReuseTest, AWalkOverMemoryThatChangesUnderItEnds) {
    std::atomic<bool> stop = false;
    std::thread reusing([&] {
        std::mt19937_64 random(12);
        // Not the root: a reader that restarts finds a live root.
        nodes_.erase(nodes_.begin());
        contents_.erase(contents_.begin());
        while (!stop.load()) {
            for (int i = 0; i < 200; ++i) overwrite(random, 2);
            restore();
        }
    });
    std::mt19937_64 random(13);
    bool all_end = true;
    for (int turn = 0; turn < 3'000 && all_end; ++turn) {
        all_end = walk_ends("") && walk_ends(numbered_name(static_cast<int>(random() % 5000)));
    }
    stop = true;
    reusing.join();
    EXPECT_TRUE(all_end);
    expect_equal();
}

}  // namespace
}  // namespace ringside::shm
