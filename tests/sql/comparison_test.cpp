#include "tests/sql/sql_support.hpp"

/// Values that are equal and differ, and values that become equal by a conversion.
namespace ringside {
namespace {

using testing::SqlTest;

class ComparisonTest : public SqlTest {
protected:
    /// Puts one record for each document, `v/0` and so on.
    void put_all(const std::vector<std::string>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            put("v/" + std::to_string(i), R"({"v":)" + values[i] + "}");
        }
    }
    /// Puts enough others to make an index worthwhile. None of them is in a result.
    void put_others() {
        for (int i = 0; i < 60; ++i) put("v/other" + std::to_string(i), R"({"v":"other"})");
    }
    void add_index() {
        client_.add_index("v/*", "/v").value();
        ASSERT_TRUE(testing::eventually(
            [&] { return client_.indexes().value().front().state == IndexInfo::State::ready; }));
    }
    [[nodiscard]] std::string names(const std::string& condition) const {
        return ask("SELECT group_concat(name, ' ') FROM (SELECT name FROM t WHERE " + condition +
                       " ORDER BY name)",
                   {"t=v/*(n:1, v, i:/v INTEGER, x:/v REAL, s:/v TEXT, b:/v BOOLEAN)"});
    }
};

TEST_F(ComparisonTest, ACastMakesAnIndexedColumnEqualTextsThatAreTheNumber) {
    put_all({"42", "\"42\"", "\"042\"", "42.0", "\"43\""});
    put_others();
    add_index();
    EXPECT_EQ(names("v = CAST('42' AS INTEGER)"), "'v/0 v/1 v/2 v/3'");
    EXPECT_EQ(names("v = CAST(42 AS TEXT)"), "'v/1'");
    EXPECT_EQ(names("v = 42"), "'v/0 v/3'");
    EXPECT_EQ(names("v IN (SELECT CAST('42' AS INTEGER))"), "'v/0 v/1 v/2 v/3'");
    EXPECT_EQ(names("v = (SELECT i FROM t WHERE name = 'v/0')"), "'v/0 v/1 v/2 v/3'");
}

TEST_F(ComparisonTest, ACastMakesLevelsEqualThatAreTheNumber) {
    for (const char* name : {"v/42", "v/042", "v/42.0", "v/43"}) put(name, "{}");
    EXPECT_EQ(names("n = CAST('42' AS INTEGER)"), "'v/042 v/42 v/42.0'");
    EXPECT_EQ(names("n = 42"), "'v/42'");
    EXPECT_EQ(names("n = '42'"), "'v/42'");
    EXPECT_EQ(names("n IN (SELECT CAST('42' AS INTEGER))"), "'v/042 v/42 v/42.0'");
    EXPECT_EQ(names("n IN (SELECT s FROM t UNION ALL SELECT s FROM t)"), "NULL");
    EXPECT_EQ(names("n IN ('42', 43)"), "'v/42 v/43'");
    EXPECT_EQ(names("(n, version) IN (SELECT CAST('42' AS INTEGER), 1)"), "'v/042 v/42 v/42.0'");
    EXPECT_EQ(ask("SELECT group_concat(name, ' ') FROM (SELECT t.name FROM (SELECT version AS v "
                  "FROM t WHERE 0 UNION ALL SELECT '042') c JOIN t ON t.n = c.v ORDER BY t.name)",
                  {"t=v/*(n:1)"}),
              "'v/042 v/42 v/42.0'");
}

TEST_F(ComparisonTest, AnIndexedRealColumnRoundsIntegersBeyond2To53) {
    put_all({"9007199254740991", "9007199254740992", "9007199254740993", "9007199254740994",
             "9007199254740995", "-9007199254740993", "7"});
    put_others();
    add_index();
    EXPECT_EQ(names("x = 9007199254740992"), "'v/1 v/2'");
    EXPECT_EQ(names("x = 9007199254740992.0"), "'v/1 v/2'");
    EXPECT_EQ(names("x = 9007199254740993"), "NULL") << "no double is this integer";
    EXPECT_EQ(names("x = 9007199254740996"), "'v/4'");
    EXPECT_EQ(names("x <= 9007199254740992 AND x > 9e15"), "'v/0 v/1 v/2'");
    EXPECT_EQ(names("x < 9007199254740993 AND x > 9e15"), "'v/0 v/1 v/2'");
    EXPECT_EQ(names("x >= 9007199254740995"), "'v/4'");
    EXPECT_EQ(names("x > 9007199254740994"), "'v/4'");
    EXPECT_EQ(names("x BETWEEN 9007199254740992 AND 9007199254740992"), "'v/1 v/2'");
    EXPECT_EQ(names("x IN (9007199254740992, 9007199254740996)"), "'v/1 v/2 v/4'");
    EXPECT_EQ(names("x < -9e15"), "'v/5'");
    EXPECT_EQ(names("x = -9007199254740992"), "'v/5'");
    EXPECT_EQ(
        ask("SELECT name FROM t WHERE x > 9e15 ORDER BY x, name LIMIT 3", {"t=v/*(x:/v REAL)"}),
        "'v/0'\n'v/1'\n'v/2'");
}

TEST_F(ComparisonTest, ARowOfAGroupHasItsOwnValue) {
    put_all({"1.0", "1", "2", "2", "-0.0", "0", "0.0", "\"1\"", "true"});
    const auto over = [&](const std::string& query) { return ask(query, {"t=v/*(v)"}); };
    EXPECT_EQ(over("SELECT v, count(*) FROM t WHERE typeof(v) = 'integer' GROUP BY v"),
              "0|1\n1|2\n2|2");
    EXPECT_EQ(over("SELECT count(*) FROM (SELECT DISTINCT v FROM t WHERE typeof(v) = 'real')"),
              "2");
    EXPECT_EQ(over("SELECT v, count(*) FROM t WHERE v GLOB '1.0' GROUP BY v"), "1|1");
    EXPECT_EQ(over("SELECT max(name), typeof(v) FROM t GROUP BY v HAVING count(*) = 3"),
              "'v/6'|'real'\n'v/8'|'integer'");
    EXPECT_EQ(over("SELECT min(name), typeof(v) FROM t GROUP BY v HAVING count(*) = 3"),
              "'v/4'|'real'\n'v/0'|'real'");
    EXPECT_EQ(over("SELECT v, sum(typeof(v) = 'integer'), sum(typeof(v) = 'real') FROM t "
                   "WHERE v + 0 = v GROUP BY v HAVING v = 1"),
              "1|2|1");
}

TEST_F(ComparisonTest, AJoinOnAColumnWithoutAnIndexLooksItsRowsUp) {
    for (int i = 0; i < 3000; ++i) {
        put("v/" + std::to_string(i), R"({"v":)" + std::to_string(i) + R"(,"next":)" +
                                          std::to_string((i + 1) % 3000) + R"(,"text":")" +
                                          std::to_string(i) + "\"}");
    }
    auto opened = database({"t=v/*(v INTEGER, next INTEGER, text TEXT, any:/v, one:1)"}).value();
    for (const char* on :
         {"b.v = a.next", "b.any = a.next", "b.text = a.next", "b.one = a.next",
          "b.text = CAST(a.next AS TEXT)", "b.version = a.version AND b.v = a.v"}) {
        const std::string query =
            std::string("SELECT count(*), sum(a.v), sum(b.v) FROM t a JOIN t b ON ") + on +
            " WHERE a.version = 1";
        EXPECT_EQ(rows_of(opened, query), "3000|4498500|4498500") << on;
    }
    const std::string left = "SELECT a.v FROM t a LEFT JOIN t b ON b.v = a.next";
    EXPECT_EQ(opened.explain(left).value(), "SCAN a all of v/*\nSCAN b by lookup of v = LEFT-JOIN");
    EXPECT_EQ(opened.explain("SELECT a.v FROM t a LEFT JOIN t b ON b.name = a.text").value(),
              "SCAN a all of v/*\nSCAN b by name = LEFT-JOIN");
    EXPECT_EQ(rows_of(opened,
                      "SELECT count(*) FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b "
                      "WHERE b.v = a.v + 1)"),
              "1");
}

TEST_F(ComparisonTest, SubqueriesThatDifferInAConstantHaveSeparateLookups) {
    for (int i = 0; i < 20; ++i) {
        put("v/" + std::to_string(i), R"({"v":)" + std::to_string(i % 10) + "}");
    }
    auto opened = database({"t=v/*(v INTEGER)"}).value();
    const std::string query =
        "SELECT count(*) FROM t a WHERE "
        "(SELECT count(*) FROM t b WHERE b.v = a.v AND b.name >= 'v/1' AND b.name < 'v/2') = 1 AND "
        "(SELECT count(*) FROM t b WHERE b.v = a.v AND b.name >= 'v/3' AND b.name < 'v/4') = ";
    auto begun = opened.query(query + "1").value();
    EXPECT_EQ(rows_of(opened, query + "0"), "16");
    // Another statement that ends takes nothing from this one.
    EXPECT_EQ(std::get<std::int64_t>((*begun.next().value())[0]), 2);
    EXPECT_EQ(rows_of(opened, query + "1"), "2");
}

TEST_F(ComparisonTest, ANaturalJoinThatWouldPairAllRowsIsRefused) {
    put("v/1", R"({"v":1})");
    put("w/1", R"({"v":1,"w":2})");
    const auto over = [&](const std::string& query) {
        return ask(query, {"a=v/*(v)", "b=w/*(w)", "c=w/*(v, w)"});
    };
    for (const char* query :
         {"SELECT * FROM a NATURAL JOIN b", "SELECT * FROM records NATURAL JOIN a",
          "SELECT * FROM a x NATURAL LEFT JOIN b y"}) {
        EXPECT_EQ(over(query), "<bad_query>") << query;
    }
    EXPECT_EQ(last_detail().substr(0, 45), "line 1, column 19: NATURAL JOIN of tables wit");
    EXPECT_EQ(over("SELECT * FROM a NATURAL JOIN c"), "1|2");
    EXPECT_EQ(over("SELECT v, w FROM a JOIN b USING (version)"), "1|2");
    EXPECT_EQ(over("WITH b AS (SELECT 1 AS v) SELECT * FROM a NATURAL JOIN b"), "1");
}

}  // namespace
}  // namespace ringside
