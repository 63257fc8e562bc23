#include "shm/index/name_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <set>
#include <string>
#include <thread>

namespace ringside::shm {
namespace {

/// An index with its heap; records are slots with blocks that hold nothing but the name.
class NameIndexTest : public testing::Test {
protected:
    Segment segment_ = Segment::create_anonymous({.memory_bytes = 64ULL << 20}).value();
    bool host_has_memory_ = true;
    Heap heap_{segment_.view(), [this](Offset, std::uint64_t) { return host_has_memory_; }};
    std::vector<std::pair<Offset, std::uint64_t>> retired_;
    NameIndexWriter index_{segment_.view(), heap_, [this](Offset offset, std::uint64_t bytes) {
                               retired_.emplace_back(offset, bytes);
                           }};
    std::map<std::string, RecordId> model_;
    std::uint32_t next_id_ = 0;

    RecordId make_record(std::string_view name) {
        const Offset offset =
            heap_.allocate(VersionBlock::bytes_needed(name.size(), 0, false), Heap::Purpose::data);
        if (offset == 0) throw std::runtime_error("the test's heap is too small");
        auto* block = new (segment_.view().at<std::byte>(offset)) VersionBlock;
        block->name_bytes = static_cast<std::uint16_t>(name.size());
        block->document_bytes = 0;
        block->link.store(0);
        std::memcpy(segment_.view().at<char>(offset) + sizeof(VersionBlock), name.data(),
                    name.size());
        const RecordId id{next_id_++};
        segment_.view().slot(id).newest.store(offset);
        return id;
    }
    void drop_record(RecordId id) {
        Word& newest = segment_.view().slot(id).newest;
        heap_.free(newest.load(), segment_.view().version_at(newest.load())->block_bytes());
        newest.store(0);
    }
    void insert(const std::string& name) {
        const RecordId id = make_record(name);
        ASSERT_TRUE(index_.insert(id));
        ASSERT_TRUE(model_.emplace(name, id).second);
    }
    void erase(std::map<std::string, RecordId>::iterator place) {
        ASSERT_TRUE(index_.erase(place->second));
        drop_record(place->second);
        model_.erase(place);
    }
    void free_retired() {
        for (const auto& [offset, bytes] : retired_) heap_.free(offset, bytes);
        retired_.clear();
    }
    std::vector<std::string> walk(std::string_view from = "") const {
        std::vector<std::string> names;
        NameIndexCursor cursor(segment_.view());
        cursor.seek(from);
        for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
            for (const std::uint32_t id : ids) {
                const Offset block = segment_.view().slot(RecordId{id}).newest.load();
                names.emplace_back(segment_.view().version_at(block)->name());
            }
        }
        return names;
    }
    void expect_equal(std::string_view from = "") const {
        std::vector<std::string> expected;
        for (auto place = model_.lower_bound(std::string(from)); place != model_.end(); ++place) {
            expected.push_back(place->first);
        }
        ASSERT_EQ(walk(from), expected) << "from '" << from << "'";
    }
};

/// Names that share long prefixes, are prefixes of others, are long, or begin with high bytes.
std::string any_name(std::mt19937_64& random) {
    const std::string number = std::to_string(random() % 3000);
    switch (random() % 6) {
        case 0: return "event/42/section/101/seat/" + number;
        case 1: return number;
        case 2: return std::string(random() % 12 + 1, 'a');
        case 3: return std::string(900, 'p') + "/" + number;
        case 4: return "\xc3\xa9/" + number + "/\xf0\x9f\x8e\xab";
        default: return "event/" + number + "/x";
    }
}

TEST_F(NameIndexTest, AnEmptyIndexHasNothing) {
    EXPECT_TRUE(walk().empty());
    insert("a");
    erase(model_.begin());
    EXPECT_TRUE(walk().empty());
}

TEST_F(NameIndexTest, AgreesWithASetUnderRandomChanges) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::mt19937_64 random(seed);
        for (int step = 0; step < 20'000; ++step) {
            // Grows for a while, then shrinks to nothing, so that all splits and merges happen.
            const bool grow = step < 12'000 ? random() % 4 != 0 : random() % 4 == 0;
            const std::string name = any_name(random);
            auto place = model_.lower_bound(name);
            if (grow && (place == model_.end() || place->first != name)) {
                insert(name);
            } else if (!grow && !model_.empty()) {
                erase(place == model_.end() ? model_.begin() : place);
            }
            if (step % 500 == 0) {
                expect_equal();
                expect_equal(any_name(random));
                free_retired();
            }
            if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
        }
        while (!model_.empty()) erase(model_.begin());
        free_retired();
        EXPECT_EQ(heap_.bytes_used(), 0U) << "seed " << seed;
        next_id_ = 0;
    }
}

TEST_F(NameIndexTest, NamesInAscendingOrderFillTheirLeaves) {
    constexpr int names = 20'000;
    char name[16];
    for (int i = 0; i < names; ++i) {
        std::snprintf(name, sizeof name, "n/%08d", i);
        insert(name);
    }
    free_retired();
    expect_equal();
    expect_equal("n/00010000");
    expect_equal("n/00010000x");
    const std::uint64_t blocks = names * Heap::rounded(VersionBlock::bytes_needed(10, 0, false));
    EXPECT_LE((heap_.bytes_used() - blocks) / names, 9U) << "bytes a record";
}

TEST_F(NameIndexTest, ARefusedChangeChangesNothing) {
    for (int i = 0; i < 63; ++i) insert("name/" + std::to_string(i));
    const RecordId next = make_record("name/30x");
    free_retired();
    // All memory is taken; then one block after the other is given back, until the three nodes of a
    // split (two leaves, a new root) can be had.
    std::vector<std::pair<Offset, std::uint64_t>> kept;
    for (const std::uint64_t bytes : {320U, 320U, 48U}) {
        kept.emplace_back(heap_.allocate(bytes, Heap::Purpose::data), bytes);
    }
    for (std::size_t c = Heap::size_classes(); c-- > 0;) {
        while (heap_.allocate(Heap::class_bytes(c), Heap::Purpose::upkeep) != 0) {
        }
    }
    for (const auto& [block, bytes] : kept) {
        const std::uint64_t used = heap_.bytes_used();
        ASSERT_FALSE(index_.insert(next));
        ASSERT_EQ(heap_.bytes_used(), used);
        ASSERT_TRUE(retired_.empty());
        expect_equal();
        heap_.free(block, bytes);
    }
    EXPECT_TRUE(index_.insert(next));
    EXPECT_EQ(walk().size(), 64U);
}

TEST_F(NameIndexTest, ThreadsMeetEveryLastingNameOnceAndInOrder) {
    constexpr int lasting = 300;
    for (int i = 0; i < lasting; ++i) insert("k/" + std::to_string(i * 100));
    std::vector<std::string> expected;
    for (const auto& [name, id] : model_) expected.push_back(name);
    std::atomic<bool> stop = false;
    std::atomic<int> walks = 0;
    std::string wrong;
    std::thread reading([&] {
        while (!stop.load() && wrong.empty()) {
            std::vector<std::string> met;
            std::string last;
            for (const std::string& name : walk()) {
                if (name <= last) wrong = last + " then " + name;
                last = name;
                if (name.find("00", name.size() - 2) != std::string::npos || name == "k/0")
                    met.push_back(name);
            }
            if (met != expected) wrong = "a lasting name is missing";
            ++walks;
        }
    });
    // Retired nodes are not freed while the reader walks, nor are the blocks with the names.
    std::mt19937_64 random(5);
    std::map<int, RecordId> coming;
    for (int step = 0; step < 20'000 || walks.load() < 3; ++step) {
        const int number = static_cast<int>(random() % 30'000);
        if (number % 100 == 0) continue;
        const auto place = coming.find(number);
        if (place != coming.end()) {
            ASSERT_TRUE(index_.erase(place->second));
            coming.erase(place);
        } else if (coming.size() < 2000 && next_id_ < 40'000) {
            coming[number] = make_record("k/" + std::to_string(number));
            ASSERT_TRUE(index_.insert(coming[number]));
        } else if (!coming.empty()) {
            ASSERT_TRUE(index_.erase(coming.begin()->second));
            coming.erase(coming.begin());
        }
        if (next_id_ >= 40'000) break;
    }
    stop = true;
    reading.join();
    EXPECT_EQ(wrong, "");
    EXPECT_GT(walks.load(), 0);
}

}  // namespace
}  // namespace ringside::shm
