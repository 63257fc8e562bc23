#include "shm/table/record_table_writer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <new>
#include <random>
#include <string>
#include <thread>

namespace ringside::shm {
namespace {

class RecordTableTest : public ::testing::Test {
protected:
    Segment segment_ = Segment::create_anonymous({.memory_bytes = 64ULL << 20}).value();
    Heap heap_{segment_.view(), [](Offset, std::uint64_t) { return true; }};
    std::vector<std::pair<Offset, std::uint64_t>> retired_;
    RecordTableWriter table_{segment_.view(), heap_, [this](Offset offset, std::uint64_t bytes) {
                                 retired_.emplace_back(offset, bytes);
                             }};

    RecordTableTest() { table_.begin(); }

    Offset block_named(std::string_view name, Version version = 1) {
        const Offset offset =
            heap_.allocate(VersionBlock::bytes_needed(name.size(), 0, false), Heap::Purpose::data);
        auto* block = new (segment_.view().at<std::byte>(offset)) VersionBlock;
        block->version = version;
        block->name_bytes = static_cast<std::uint16_t>(name.size());
        block->document_bytes = 0;
        block->link.store(0);
        std::memcpy(segment_.view().at<char>(offset) + sizeof(VersionBlock), name.data(),
                    name.size());
        return offset;
    }
    const VersionBlock* find(std::string_view name) const {
        const RecordTableReader reader(segment_.view());
        return reader.find(name, reader.hash(name));
    }
};

TEST_F(RecordTableTest, OnlyExistingRecordsAreFound) {
    std::mt19937_64 random(11);
    std::map<std::string, Offset> model;
    for (int step = 0; step < 60'000; ++step) {
        const std::string name = "name/" + std::to_string(random() % 5000);
        const std::uint64_t hash = table_.hash(name);
        const auto place = model.find(name);
        if (place == model.end()) {
            ASSERT_TRUE(table_.make_room());
            model[name] = block_named(name);
            table_.insert(hash, model[name]);
        } else if (random() % 2 == 0) {
            table_.erase(hash, place->second);
            model.erase(place);
        } else {
            const Offset next = block_named(name, 2);
            table_.replace(hash, place->second, next);
            place->second = next;
        }
        const std::string other = "name/" + std::to_string(random() % 5000);
        const VersionBlock* found = find(other);
        ASSERT_EQ(found == nullptr, !model.contains(other));
        if (found != nullptr) {
            ASSERT_EQ(segment_.view().offset_of(found), model[other]);
        }
    }
    EXPECT_EQ(table_.live(), model.size());
    EXPECT_FALSE(retired_.empty()) << "it grew";
}

TEST_F(RecordTableTest, DeletedEntriesDoNotPileUp) {
    for (int i = 0; i < 20'000; ++i) {
        const std::string name = std::to_string(i);
        ASSERT_TRUE(table_.make_room());
        const Offset block = block_named(name);
        table_.insert(table_.hash(name), block);
        table_.erase(table_.hash(name), block);
        heap_.free(block, VersionBlock::bytes_needed(name.size(), 0, false));
    }
    EXPECT_EQ(table_.live(), 0U);
    EXPECT_EQ(table_.capacity(), 1024U);
}

TEST_F(RecordTableTest, IsFullWhenThereIsNoMemoryForALargerOne) {
    while (heap_.allocate(60'000, Heap::Purpose::data) != 0) {
    }
    std::vector<Offset> blocks;
    while (table_.make_room()) {
        const std::string name = std::to_string(blocks.size());
        const Offset block = heap_.allocate(64, Heap::Purpose::upkeep);
        ASSERT_NE(block, 0U);
        table_.insert(table_.hash(name), block);
        blocks.push_back(block);
    }
    EXPECT_EQ(blocks.size(), 960U) << "fifteen sixteenths of 1024";
}

TEST_F(RecordTableTest, ThreadsReadWhileItGrows) {
    constexpr int stable = 500;
    for (int i = 0; i < stable; ++i) {
        const std::string name = "stable/" + std::to_string(i);
        ASSERT_TRUE(table_.make_room());
        table_.insert(table_.hash(name), block_named(name));
    }
    std::atomic<bool> stop = false;
    std::atomic<int> missed = 0;
    std::thread reading([&] {
        for (int i = 0; !stop.load(); i = (i + 1) % stable) {
            if (find("stable/" + std::to_string(i)) == nullptr) ++missed;
        }
    });
    for (int i = 0; i < 50'000; ++i) {
        const std::string name = "new/" + std::to_string(i);
        ASSERT_TRUE(table_.make_room());
        table_.insert(table_.hash(name), block_named(name));
    }
    stop = true;
    reading.join();
    EXPECT_EQ(missed.load(), 0);
}

}  // namespace
}  // namespace ringside::shm
