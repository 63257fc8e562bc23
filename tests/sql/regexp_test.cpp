#include "tests/sql/sql_support.hpp"

/// REGEXP and regexp().
namespace ringside {
namespace {

class RegexpTest : public testing::SqlTest {};

TEST_F(RegexpTest, MatchesAPartOfAText) {
    EXPECT_EQ(ask("SELECT 'seat A12' REGEXP 'A[0-9]+$', 'seat' REGEXP '^A', "
                  "'seat' NOT REGEXP 'z', regexp('^s.*t$', 'seat')"),
              "1|0|1|1");
    EXPECT_EQ(ask("SELECT 'SEAT' REGEXP 'seat', 'SEAT' REGEXP '(?i)seat', 'a' REGEXP ''"), "0|1|1");
    EXPECT_EQ(ask("SELECT 'Zürich' REGEXP '^Z.rich$', 'Zürich' REGEXP '\\p{Ll}{5}'"), "1|1");
    EXPECT_EQ(ask("SELECT NULL REGEXP 'a', 'a' REGEXP NULL, 12.5 REGEXP '^12', x'6162' REGEXP 'b'"),
              "NULL|NULL|1|1");
    EXPECT_EQ(ask("SELECT typeof(x), typeof(x REGEXP 'b'), typeof(x) FROM (SELECT x'6162' AS x)"),
              "'blob'|'integer'|'blob'");
}

TEST_F(RegexpTest, ReadsRecordsAndPatternsOfRecords) {
    put("p/1", R"({"pattern":"^b","text":"abc"})");
    put("p/2", R"({"pattern":"c$","text":"abc"})");
    put("p/3", R"({"pattern":"[","text":"abc"})");
    const std::vector<std::string> tables{"t=p/*(pattern, text)"};
    EXPECT_EQ(ask("SELECT name FROM t WHERE name < 'p/3' AND text REGEXP pattern", tables),
              "'p/2'");
    EXPECT_EQ(ask("SELECT count(*) FROM records WHERE name REGEXP '^p/[12]$' AND "
                  "document REGEXP 'pattern'"),
              "2");
    EXPECT_EQ(ask("SELECT text REGEXP pattern FROM t WHERE name = 'p/3'", tables), "<bad_query>");
    EXPECT_EQ(last_detail(), "invalid REGEXP pattern: missing ]: [");
}

TEST_F(RegexpTest, InvalidPatternsAreRefused) {
    for (const std::string& pattern :
         {std::string("("), std::string("a**"), std::string("(a)\\1"), std::string("(?=a)"),
          std::string("a{1001}"), std::string("\\pL{200}\\pL{200}\\pL{200}"),
          std::string(1001, 'a')}) {
        EXPECT_EQ(ask("SELECT 'a' REGEXP '" + pattern + "'"), "<bad_query>") << pattern;
    }
    EXPECT_EQ(ask("SELECT 'a' REGEXP '" + std::string(1000, 'a') + "'"), "0");
}

/// A call cannot be interrupted, so its cost is limited.
TEST_F(RegexpTest, ACallWhoseCostIsTooHighIsRefused) {
    const std::string text = "SELECT printf('%.*c', 200000, 'a') REGEXP ";
    EXPECT_EQ(ask(text + "'^(a+)+$'"), "1");  // takes for ever where matching backtracks
    EXPECT_EQ(ask(text + "'(?s).{0,1000}y'"), "<query_too_large>");
    EXPECT_EQ(last_detail(), "REGEXP text is too long for this pattern");
}

TEST_F(RegexpTest, TimeEndsAQueryOfManyCalls) {
    auto database = sql::Database::open(client_.snapshot().value(),
                                        {.time_limit = std::chrono::milliseconds(300)})
                        .value();
    EXPECT_EQ(rows_of(database,
                      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT "
                      "count(printf('%.*c', 20000, 'ab') REGEXP '(?s).{0,1000}' || x) FROM c"),
              "<query_timed_out>");
}

TEST_F(RegexpTest, CompiledPatternsCountTowardsTheMemoryOfTheQuery) {
    std::string query = "SELECT x IN (1";
    for (int i = 0; i < 1100; ++i) query += ", x REGEXP '" + std::to_string(i) + "'";
    auto opened = database().value();
    EXPECT_EQ(rows_of(opened, query + ") FROM (SELECT name AS x FROM records UNION ALL VALUES "
                                      "('x'))"),
              "<query_too_large>");
    EXPECT_EQ(last_detail(), "memory");
    EXPECT_EQ(rows_of(opened, "SELECT 'a' REGEXP 'a'"), "1");
}

}  // namespace
}  // namespace ringside
