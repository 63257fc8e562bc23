#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "shm/document/json.hpp"
#include "shm/document/paging.hpp"
#include "shm/document/patch.hpp"
#include "shm/document/verify.hpp"

namespace ringside::test {

/// Pages in plain memory. Dropped pages are overwritten after the patch, so that a remaining
/// reference is detected.
class TestPages : public PageStore {
public:
    explicit TestPages(std::size_t bytes = 64U << 20) : memory_(bytes) {
        space_ = {memory_.data(), memory_.size()};
    }
    [[nodiscard]] const PageSpace& space() const noexcept override { return space_; }
    Offset write(const PageHeader& header, ByteView content) override {
        const std::size_t bytes = align_up(sizeof header + content.size(), 16);
        if (end_ + bytes > memory_.size() || pages_.size() >= pages_max) return 0;
        const Offset offset = end_;
        end_ += bytes;
        std::memcpy(memory_.data() + offset, &header, sizeof header);
        std::memcpy(memory_.data() + offset + sizeof header, content.data(), content.size());
        pages_[offset] = sizeof header + content.size();
        written_.push_back(offset);
        return offset;
    }
    void drop(Offset offset, std::uint64_t bytes) override {
        ASSERT_TRUE(pages_.contains(offset)) << "dropped twice, or never written";
        EXPECT_EQ(pages_[offset], bytes);
        pages_.erase(offset);
        dropped_.emplace_back(offset, bytes);
    }
    /// Ends a patch that was completed or refused.
    void settle(bool is_done) {
        if (!is_done) pages_.insert(dropped_.begin(), dropped_.end());
        for (const Offset offset : is_done ? std::vector<Offset>() : written_) {
            const auto page = pages_.extract(offset);
            std::memset(memory_.data() + offset, 0xEE, page.mapped());
        }
        for (const auto& [offset, bytes] : dropped_) {
            if (!pages_.contains(offset)) std::memset(memory_.data() + offset, 0xEE, bytes);
        }
        dropped_.clear();
        written_.clear();
    }
    [[nodiscard]] const std::map<Offset, std::uint64_t>& pages() const { return pages_; }
    /// Returns the bytes of all pages, for tests that damage them.
    [[nodiscard]] Bytes& memory() { return memory_; }
    /// Returns the size of all pages so far, including dropped ones.
    [[nodiscard]] std::size_t bytes_written() const { return end_; }
    std::size_t pages_max = SIZE_MAX;

private:
    Bytes memory_;
    PageSpace space_;
    Offset end_ = 64;
    std::map<Offset, std::uint64_t> pages_;
    std::vector<Offset> written_;
    std::vector<std::pair<Offset, std::uint64_t>> dropped_;
};

inline void collect(const Value& value, std::map<Offset, std::uint64_t>& pages) {
    if (value.is_paged()) {
        pages[value.page_ref().offset] = sizeof(PageHeader) + value.page_bytes().size();
    }
    for (std::size_t i = 0; value.level() > 0 && i < value.part_count(); ++i) {
        collect(value.part(i), pages);
    }
    if (value.level() > 0) return;
    for (const Value element : value.elements()) collect(element, pages);
    for (const auto& [key, member] : value.members()) collect(member, pages);
}

/// A document that is patched repeatedly, like a record.
class Paged {
public:
    explicit Paged(std::string_view json) {
        const auto document = document_from_json(json).value();
        paging_.begin();
        take(paging_.divide(document));
    }
    [[nodiscard]] Value value() const { return Value::of(root_, &pages_.space()); }
    [[nodiscard]] std::string json() const { return to_json(value()); }

    Result<ByteView> set(const std::string& path, const std::string& json) {
        const auto value = document_from_json(json).value();
        return take(apply_set(out_, this->value(), JsonPointer::parse(path).value(),
                              Value::of(value), &paging_));
    }
    Result<ByteView> merge(const std::string& json, PatchBudget* budget = nullptr) {
        const auto patch = document_from_json(json).value();
        return take(apply_merge(out_, value(), Value::of(patch), &paging_, budget));
    }
    Result<ByteView> patch(const std::string& json, PatchBudget* budget = nullptr) {
        const auto patch = document_from_json(json, json_patch_limits).value();
        return take(apply_json_patch(out_, value(), Value::of(patch), &paging_, budget));
    }

    /// Checks that each page has exactly one reference and that no page is unreachable.
    void check() const {
        std::map<Offset, std::uint64_t> reached;
        collect(value(), reached);
        EXPECT_EQ(reached, pages_.pages());
        EXPECT_TRUE(verify());
        EXPECT_LE(root_.size(), 2 * page::bytes_max);
        check_tree(value());
    }

    TestPages& pages() { return pages_; }
    [[nodiscard]] std::size_t root_bytes() const { return root_.size(); }
    [[nodiscard]] Result<void> verify() const { return verify_pages(root_, pages_.space()); }

private:
    Result<ByteView> take(const Result<ByteView>& made) {
        if (made) root_.assign(made->begin(), made->end());
        pages_.settle(made.has_value());
        return made;
    }
    static void check_tree(const Value& node) {
        if (!node.is_paged()) {
            for (const Value element : node.elements()) check_tree(element);
            for (const auto& [key, member] : node.members()) check_tree(member);
            return;
        }
        const PageHeader header = node.page_header();
        EXPECT_EQ(header.count, node.size());
        std::vector<PageRef> references;
        EXPECT_TRUE(verify_page(node.page_bytes(), references));
        EXPECT_EQ(header.nests, !references.empty());
        DocumentBuilder whole;
        const ByteView bytes = encode_whole(node, whole).value();
        EXPECT_TRUE(verify_document(bytes, {.encoded_max = limits::stored_document_bytes_max}));
        const std::size_t itself = 1;
        EXPECT_EQ(header.expanded + itself, whole.expanded());
        for (std::size_t i = 0; node.level() > 0 && i < node.part_count(); ++i) {
            EXPECT_EQ(node.part(i).level() + 1, node.level());
            if (node.is_object() && i > 0) {
                EXPECT_GE(node.part(i).key(0), node.part_key(i));
                EXPECT_LT(node.part(i - 1).key(node.part(i - 1).size() - 1), node.part_key(i));
            }
            check_tree(node.part(i));
        }
    }

    TestPages pages_;
    Paging paging_{pages_};
    DocumentBuilder out_;
    Bytes root_;
};

inline std::string seat(std::size_t i) {
    return R"({"status":"free","price":)" + std::to_string(2000 + i) + R"(,"holder":"c-)" +
           std::to_string(i) + R"("})";
}

inline std::string hall(std::size_t sections, std::size_t seats) {
    std::string json = R"({"name":"hall","sections":{)";
    for (std::size_t s = 0; s < sections; ++s) {
        json += (s ? ",\"" : "\"") + std::to_string(100 + s) + R"(":{"seats":{)";
        for (std::size_t i = 0; i < seats; ++i) {
            json += (i ? ",\"A" : "\"A") + std::to_string(i) + "\":" + seat(i);
        }
        json += "}}";
    }
    return json + "}}";
}

}  // namespace ringside::test
