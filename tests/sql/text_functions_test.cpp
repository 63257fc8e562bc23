#include <sqlite3.h>

#include <memory>
#include <random>

#include "tests/sql/sql_support.hpp"

/// Functions that replace SQLite's because one call of those could take hours.
namespace ringside {
namespace {

class TextFunctionsTest : public testing::SqlTest {
protected:
    TextFunctionsTest() {
        sqlite3* opened = nullptr;
        sqlite3_open(":memory:", &opened);
        plain_.reset(opened);
    }
    /// Returns the result of SQLite itself, quoted.
    [[nodiscard]] std::string plain(const std::string& expression) {
        sqlite3_stmt* statement = nullptr;
        const std::string text = "SELECT quote(" + expression + "), typeof(" + expression + ")";
        sqlite3_prepare_v2(plain_.get(), text.c_str(), -1, &statement, nullptr);
        if (statement == nullptr || sqlite3_step(statement) != SQLITE_ROW) return "<error>";
        const auto cell = [&](int column) {
            return "'" +
                   std::string(
                       reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                       static_cast<std::size_t>(sqlite3_column_bytes(statement, column))) +
                   "'";
        };
        std::string row = cell(0) + "|" + cell(1);
        sqlite3_finalize(statement);
        return row;
    }

private:
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };
    std::unique_ptr<sqlite3, Close> plain_;
};

TEST_F(TextFunctionsTest, GiveWhatSqliteGives) {
    std::mt19937_64 random(11);
    const std::vector<std::string> values{"''",      "'a'",    "'aab'",  "'abaabaab'", "'äöä'",
                                          "'ä'",     "'€uro'", "'  x '", "' '",        "NULL",
                                          "42",      "4.5",    "x'61'",  "x'6162'",    "x''",
                                          "x'c3a4'", "x'a4'",  "'ab'",   "'aäb€'",     "-1"};
    const auto pick = [&] { return values[random() % values.size()]; };
    const std::vector<std::string> calls{"instr(1, 2)", "replace(1, 2, 3)", "trim(1)",
                                         "trim(1, 2)",  "ltrim(1)",         "ltrim(1, 2)",
                                         "rtrim(1)",    "rtrim(1, 2)"};
    auto opened = database().value();
    for (int i = 0; i < 4000; ++i) {
        std::string call;
        for (const char c : calls[random() % calls.size()]) {
            call += c >= '1' && c <= '9' ? pick() : std::string(1, c);
        }
        ASSERT_EQ(rows_of(opened, "SELECT quote(" + call + "), typeof(" + call + ")"), plain(call))
            << call;
    }
    for (const std::string call :
         {"printf('%d %5.2f|%-6s|%c%c', 7, 1.5, 'x', 'abc', 65)", "printf('%.3c', 'ab')",
          "printf('%*.*f', 8, 2, 3.14159)", "printf('%%')", "printf('%s')", "printf()",
          "printf(NULL)", "printf('%,d', 1234567)", "format('%q', 'it''s')",
          "printf('%!.20s', 'é')", "printf('%.*c', 5, 'x')", "printf('%lld', 5000000000)"}) {
        EXPECT_EQ(rows_of(opened, "SELECT quote(" + call + "), typeof(" + call + ")"), plain(call))
            << call;
    }
}

/// Each would run for minutes to hours in SQLite, and no time limit would end it.
TEST_F(TextFunctionsTest, ACallOfAnySizeEndsOrIsRefused) {
    auto opened = database().value();
    for (const std::string call :
         {"printf('%.1000000000c', 'x')", "printf('%.*c', 1000000000, 'x')",
          "format('%d%.2000000000c', 1, 'x')", "printf('%1000000000d', 1)",
          "printf('%.1000000000f', 1.0)", "zeroblob(1000000000)", "randomblob(1000000000)",
          "replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000)))"}) {
        EXPECT_EQ(rows_of(opened, "SELECT length(" + call + ")"), "<query_too_large>") << call;
    }
    EXPECT_EQ(rows_of(opened,
                      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
                      "1000) SELECT length(group_concat(printf('%1000000d', x))) FROM c"),
              "<query_too_large>");
    const std::string text = "hex(zeroblob(4000000))";  // of 8,000,000 zeros
    const std::string half = "hex(zeroblob(2000000))";
    EXPECT_EQ(rows_of(opened, "SELECT instr(" + text + ", " + half + " || '1')"), "0");
    EXPECT_EQ(rows_of(opened, "SELECT length(replace(" + text + ", " + half + " || '1', 'x'))"),
              "8000000");
    // A set of 55,000 characters, the last of which is in the text.
    EXPECT_EQ(rows_of(opened,
                      "WITH RECURSIVE c(x) AS (SELECT 200 UNION ALL SELECT x + 1 FROM c LIMIT "
                      "55000), s(y) AS MATERIALIZED (SELECT group_concat(char(x), '') || '0' FROM "
                      "c) SELECT length(trim(" +
                          text + ", y)) FROM s"),
              "0");
}

}  // namespace
}  // namespace ringside
