#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/shm/paging_support.hpp"

namespace ringside {
namespace {

using test::hall;
using test::Paged;

/// A document with pages of each kind.
class VerifyPages : public ::testing::Test {
protected:
    [[nodiscard]] static std::string document() {
        std::string json = R"({"text":")" + std::string(5000, 'x') + R"(","list":[0)";
        for (int i = 1; i < 3000; ++i) json += "," + std::to_string(i * 100);
        return json + R"(],"hall":)" + hall(3, 300) + "}";
    }
    [[nodiscard]] PageHeader& header(Offset offset) {
        return *reinterpret_cast<PageHeader*>(document_.pages().memory().data() + offset);
    }
    /// Returns the first byte of a text that some page contains.
    [[nodiscard]] Byte& byte_of(std::string_view text) {
        Bytes& memory = document_.pages().memory();
        const auto at = std::search(memory.begin(), memory.end(), text.begin(), text.end());
        EXPECT_NE(at, memory.end());
        return *at;
    }

    Paged document_{document()};
};

TEST_F(VerifyPages, AcceptsAWholeDocument) {
    ASSERT_GT(document_.pages().pages().size(), 30U);
    EXPECT_TRUE(document_.verify());
    EXPECT_TRUE(Paged("[1,2]").verify());
}

TEST_F(VerifyPages, FindsEachFieldOfAHeaderThatIsNotTrue) {
    for (const auto& [offset, bytes] : document_.pages().pages()) {
        const PageHeader right = header(offset);
        for (std::uint32_t PageHeader::*field : {&PageHeader::bytes, &PageHeader::count,
                                                 &PageHeader::expanded, &PageHeader::encoded}) {
            header(offset).*field += 1;
            EXPECT_FALSE(document_.verify()) << "page at " << offset;
            header(offset) = right;
        }
        header(offset).nests = !right.nests;
        EXPECT_FALSE(document_.verify()) << "page at " << offset;
        header(offset) = right;
        header(offset).level = static_cast<std::uint8_t>(right.level + 1);
        EXPECT_FALSE(document_.verify()) << "page at " << offset;
        header(offset) = right;
    }
    EXPECT_TRUE(document_.verify());
}

TEST_F(VerifyPages, FindsTextThatIsNotUtf8) {
    byte_of("c-123") = 0xFF;
    const auto damaged = document_.verify();
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error(), Errc::bad_utf8);
}

TEST_F(VerifyPages, FindsAReferenceToAnotherPage) {
    // Two pages are swapped, and no longer match their references.
    const auto& pages = document_.pages().pages();
    const auto first = pages.begin()->first;
    const auto other = std::find_if(pages.begin(), pages.end(), [&](const auto& page) {
        return header(page.first).kind != header(first).kind && page.first != first;
    });
    ASSERT_NE(other, pages.end());
    std::swap(header(first).kind, header(other->first).kind);
    EXPECT_FALSE(document_.verify());
}

TEST_F(VerifyPages, FindsKeysThatAreOutOfOrderBetweenLeaves) {
    ASSERT_TRUE(document_.verify());
    // A100 is in a leaf before A299.
    byte_of("A299") = 'Z';
    EXPECT_FALSE(document_.verify());
}

}  // namespace
}  // namespace ringside
