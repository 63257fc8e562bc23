#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "shm/index/name_index.hpp"

namespace ringside::shm::testing {

/// An index with its heap, and a map that it must agree with. Records are slots whose blocks
/// contain only the name.
class NameIndexTest : public ::testing::Test {
protected:
    explicit NameIndexTest(SegmentShape shape = {.memory_bytes = 64ULL << 20, .ring_entries = 1024})
        : segment_(Segment::create_anonymous(shape).value()) {}

    Segment segment_;
    Heap heap_{segment_.view(), [](Offset, std::uint64_t) { return true; }};
    std::vector<std::pair<Offset, std::uint64_t>> retired_;
    NameIndexWriter index_{
        segment_.view(), heap_,
        [this](Offset offset, std::uint64_t bytes) { retired_.emplace_back(offset, bytes); },
        segment_.header().root.index};
    std::map<std::string, RecordId> model_;
    std::uint32_t next_id_ = 0;
    std::vector<RecordId> free_ids_;

    RecordId make_record(std::string_view name) {
        const std::uint64_t bytes = VersionBlock::bytes_needed(name.size(), 0, false);
        const Offset offset = heap_.allocate(bytes, Heap::Purpose::data);
        if (offset == 0) throw std::runtime_error("the test's heap is too small");
        auto* block = new (segment_.view().at<std::byte>(offset)) VersionBlock;
        block->name_bytes = static_cast<std::uint16_t>(name.size());
        block->document_bytes = 0;
        block->link.store(0, std::memory_order_relaxed);
        std::memcpy(segment_.view().at<char>(offset) + sizeof(VersionBlock), name.data(),
                    name.size());
        RecordId id{next_id_};
        if (free_ids_.empty()) {
            ++next_id_;
        } else {
            id = free_ids_.back();
            free_ids_.pop_back();
        }
        segment_.view().slot(id).newest.store(offset, std::memory_order_release);
        return id;
    }
    void drop_record(RecordId id) {
        Word& newest = segment_.view().slot(id).newest;
        const Offset block = newest.exchange(0);
        heap_.free(block, segment_.view().version_at(block)->block_bytes());
        free_ids_.push_back(id);
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

    [[nodiscard]] std::vector<std::uint32_t> walk(std::string_view from = "") const {
        std::vector<std::uint32_t> met;
        NameIndexCursor cursor(segment_.view());
        cursor.seek(from);
        for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
            met.insert(met.end(), ids.begin(), ids.end());
        }
        return met;
    }
    [[nodiscard]] std::vector<std::uint32_t> expected(std::string_view from = "") const {
        std::vector<std::uint32_t> ids;
        for (auto at = model_.lower_bound(std::string(from)); at != model_.end(); ++at) {
            ids.push_back(static_cast<std::uint32_t>(at->second));
        }
        return ids;
    }
    void expect_equal(std::string_view from = "") const {
        ASSERT_EQ(walk(from), expected(from)) << "from '" << from << "'";
    }
};

/// Returns a name such as "n/00000042".
inline std::string numbered_name(int number) {
    const std::string digits = std::to_string(number);
    return "n/" + std::string(8 - digits.size(), '0') + digits;
}

}  // namespace ringside::shm::testing
