#include <random>

#include "tests/sql/sql_support.hpp"

/// Secondary indexes in SQL: a query returns the same result as without one, and reads less.
namespace ringside {
namespace {

class SqlIndexTest : public testing::SqlTest {
protected:
    void add_index(const std::string& pattern, const std::string& pointer) {
        client_.add_index(pattern, pointer).value();
        ASSERT_TRUE(testing::eventually([&] {
            const auto indexes = client_.indexes().value();
            return std::all_of(indexes.begin(), indexes.end(), [](const IndexInfo& index) {
                return index.state == IndexInfo::State::ready;
            });
        }));
    }
};

TEST_F(SqlIndexTest, IsUsedWhereItHelps) {
    for (int i = 0; i < 500; ++i) {
        put("seat/" + std::to_string(i), R"({"status":")" +
                                             std::string(i % 50 == 3 ? "held" : "free") +
                                             R"(","price":)" + std::to_string(i) + "}");
    }
    const std::vector<std::string> tables{"seats=seat/*(status TEXT, price INTEGER)"};
    const std::string query = "SELECT count(*), sum(price) FROM seats WHERE status = 'held'";
    EXPECT_EQ(database(tables)->explain(query).value().find("indexed"), std::string::npos);
    const std::string before = ask(query, tables);
    add_index("seat/*", "/status");
    add_index("seat/*", "/price");
    auto opened = database(tables).value();
    EXPECT_NE(opened.explain(query).value().find("by indexed status ="), std::string::npos)
        << opened.explain(query).value();
    EXPECT_EQ(rows_of(opened, query), before);
    EXPECT_EQ(rows_of(opened, "SELECT name FROM seats WHERE price >= 497 ORDER BY name"),
              "'seat/497'\n'seat/498'\n'seat/499'");
    const std::string list = "SELECT name FROM seats WHERE price IN (7, 8.0, 499) ORDER BY name";
    EXPECT_NE(opened.explain(list).value().find("by indexed price IN"), std::string::npos)
        << opened.explain(list).value();
    EXPECT_EQ(rows_of(opened, list), "'seat/499'\n'seat/7'\n'seat/8'");
    // The inner table of a join is looked up by its value.
    EXPECT_EQ(rows_of(opened,
                      "SELECT b.name FROM seats a JOIN seats b ON b.price = a.price + 1 "
                      "WHERE a.name = 'seat/7'"),
              "'seat/8'");
    EXPECT_EQ(rows_of(opened, "SELECT count(*) FROM seats WHERE status = NULL"), "0");
}

TEST_F(SqlIndexTest, ResultsEqualThoseWithoutAnIndex) {
    std::mt19937_64 random(5);
    const auto pick = [&](const std::vector<std::string>& from) {
        return from[random() % from.size()];
    };
    const std::vector<std::string> documents{"null",
                                             "true",
                                             "false",
                                             "0",
                                             "1",
                                             "1.0",
                                             "2",
                                             "2.5",
                                             "-3",
                                             "42",
                                             "7e18",
                                             "\"\"",
                                             "\"42\"",
                                             "\"a\"",
                                             "\"b\"",
                                             "[1]",
                                             "{\"k\":1}",
                                             "18446744073709551615",
                                             "9223372036854775807",
                                             "\"[1]\"",
                                             "\"true\""};
    for (int i = 0; i < 300; ++i) {
        std::string json = "{";
        if (random() % 8 != 0) json += "\"a\":" + pick(documents);
        put("r/" + std::to_string(i), json + "}");
    }
    add_index("r/*", "/a");
    auto opened =
        database({"t=r/*(a, i:/a INTEGER, x:/a REAL, s:/a TEXT, b:/a BOOLEAN, n:0)"}).value();
    const std::vector<std::string> columns{"a", "i", "x", "s", "b"};
    const std::vector<std::string> values{"0",
                                          "1",
                                          "2",
                                          "2.5",
                                          "-3",
                                          "42",
                                          "'42'",
                                          "'a'",
                                          "'[1]'",
                                          "NULL",
                                          "''",
                                          "7e18",
                                          "1.0",
                                          "9223372036854775807",
                                          "1.8446744073709552e19",
                                          "'true'",
                                          "(SELECT '42')",
                                          "(SELECT 1)",
                                          "n",
                                          "abs(-1)"};
    const auto condition = [&] {
        return pick(columns) + " " +
               pick({"=", "=", "=", "<", "<=", ">", ">=", "IN (1, 'a', NULL) AND 1 ="}) + " " +
               pick(values);
    };
    int narrowed_ones = 0;
    for (int round = 0; round < 1500; ++round) {
        std::string where = condition();
        for (std::uint64_t more = random() % 3; more > 0; --more) {
            where += pick({" AND ", " AND ", " OR "}) + condition();
        }
        const std::string query = "SELECT name FROM t WHERE " + where + " ORDER BY name";
        if (opened.explain(query).value().find("indexed") != std::string::npos) ++narrowed_ones;
        const std::string all = rows_of(opened,
                                        "WITH u AS MATERIALIZED (SELECT name, a, i, x, s, b, n "
                                        "FROM t) SELECT name FROM u WHERE " +
                                            where + " ORDER BY name");
        ASSERT_EQ(rows_of(opened, query), all) << where;
    }
    EXPECT_GT(narrowed_ones, 300);
}

}  // namespace
}  // namespace ringside
