#include "ringside/record_cursor.hpp"

#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using Names = std::vector<std::string>;

class RecordCursorTest : public ::testing::Test {
protected:
    testing::TestGrid grid_{{"--memory", "64MiB"}};
    Client client_ = Client::attach({.grid = grid_.name()}).value();

    void put(const Names& names) {
        for (const std::string& name : names) client_.put(name, "1").value();
    }
    static Names read(RecordCursor cursor) {
        Names names;
        for (auto batch = cursor.next().value(); !batch.empty(); batch = cursor.next().value()) {
            EXPECT_LE(batch.size(), RecordCursor::batch_max);
            for (const RecordView& record : batch) names.emplace_back(record.name());
        }
        EXPECT_TRUE(cursor.next().value().empty()) << "the end stays the end";
        return names;
    }
    Names read(std::string_view pattern, NameRange range = {}) {
        const Snapshot snapshot = client_.snapshot().value();
        return read(snapshot.cursor(pattern, std::move(range)).value());
    }
};

TEST_F(RecordCursorTest, GivesMatchesInTheOrderOfTheirNames) {
    put({"b/1/x", "a/2/x", "a/1/x", "a/1/y/z", "a/1/y", "a", "a-b", "ab"});
    EXPECT_EQ(read("a/*/x"), (Names{"a/1/x", "a/2/x"}));
    EXPECT_EQ(read("a/*/*"), (Names{"a/1/x", "a/1/y", "a/2/x"}));
    EXPECT_EQ(read("*/*/x"), (Names{"a/1/x", "a/2/x", "b/1/x"}));
    EXPECT_EQ(read("a/**"), (Names{"a", "a/1/x", "a/1/y", "a/1/y/z", "a/2/x"}));
    EXPECT_EQ(read("a/1/y"), (Names{"a/1/y"}));
    EXPECT_EQ(read("a*"), (Names{"a", "a-b", "ab"}));
    EXPECT_EQ(read("nothing/*"), Names());
    EXPECT_EQ(read("nothing"), Names());
    EXPECT_EQ(read("**").size(), 8U) << "without the grid's own";
}

TEST_F(RecordCursorTest, StaysWithinARangeOfNames) {
    Names all;
    for (int i = 1000; i < 1500; ++i) all.push_back("r/" + std::to_string(i));
    put(all);
    const auto part = [&](std::size_t begin, std::size_t end) {
        return Names(all.begin() + static_cast<std::ptrdiff_t>(begin),
                     all.begin() + static_cast<std::ptrdiff_t>(end));
    };
    EXPECT_EQ(read("r/*"), all);
    EXPECT_EQ(read("r/*", {"r/1100", "r/1300"}), part(100, 300)) << "without its end";
    EXPECT_EQ(read("r/**", {"", "r/1001"}), part(0, 1));
    EXPECT_EQ(read("r/*", {"r/1499", ""}), part(499, 500));
    EXPECT_EQ(read("r/*", {"r/2", ""}), Names());
    EXPECT_EQ(read("r/*", {"r/1300", "r/1100"}), Names());
    EXPECT_EQ(read("r/1250", {"r/1250", "r/1251"}), part(250, 251));
    EXPECT_EQ(read("r/1250", {"r/1251", ""}), Names());
}

TEST_F(RecordCursorTest, CursorShowsOneRevisionDuringWrites) {
    put({"r/1", "r/2"});
    const Snapshot snapshot = client_.snapshot().value();
    put({"r/3"});
    client_.remove("r/1").value();
    EXPECT_EQ(read(snapshot.cursor("r/*").value()), (Names{"r/1", "r/2"}));
    EXPECT_EQ(read("r/*"), (Names{"r/2", "r/3"}));
}

TEST_F(RecordCursorTest, InvalidPatternIsReported) {
    EXPECT_EQ(client_.snapshot().value().cursor("a**").error(), Errc::bad_pattern);
}

TEST(RecordCursor, EndsWithAnErrorWhenItsPinIsRevoked) {
    const testing::TestGrid grid({"--memory", "16MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string text = '"' + std::string(3000, 'x') + '"';
    for (int i = 0; i < 200; ++i) client.put("r/" + std::to_string(i), text).value();
    const Snapshot snapshot = client.snapshot().value();
    RecordCursor cursor = snapshot.cursor("r/*").value();
    EXPECT_FALSE(cursor.next().value().empty());
    // Memory is short, so the snapshot's pin is revoked.
    for (int i = 0; i < 50'000; ++i) client.put("r/0", text).value();
    EXPECT_EQ(cursor.next().error(), Errc::snapshot_expired);
    EXPECT_EQ(snapshot.cursor("r/*").error(), Errc::snapshot_expired);
}

}  // namespace
}  // namespace ringside
