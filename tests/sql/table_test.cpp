#include <random>

#include "tests/sql/sql_support.hpp"

/// Declared tables: which are accepted, what a column returns, and that narrowing loses nothing.
namespace ringside {
namespace {

using testing::SqlTest;

TEST_F(SqlTest, DeclarationsAreReadOrRefusedWithTheirPlace) {
    const auto error = [&](const std::string& table) {
        const auto opened = database({table});
        return opened ? "" : opened.error().detail.substr(opened.error().detail.rfind("', ") + 3);
    };
    EXPECT_EQ(error("t=a/*"), "");
    EXPECT_EQ(error(" t = a/* ( x , y : /z/0 TEXT, l:1 ) "), "");
    EXPECT_EQ(error(R"("my t"="a (b)/*"("c, d":"/x y" real))"), "");
    EXPECT_EQ(error("t"), "column 2: expected '=' after the name of the table");
    EXPECT_EQ(error("=a"), "column 1: expected the name of a table");
    EXPECT_EQ(error("t="), "column 3: expected a pattern");
    EXPECT_EQ(error("t=a/*("), "column 7: expected a column");
    EXPECT_EQ(error("t=a/*(x"), "column 8: expected ')' or ',' after a column");
    EXPECT_EQ(error("t=a/*(x, X)"), "column 10: duplicate column 'X'");
    EXPECT_EQ(error("t=a/*(x NUMBER)"),
              "column 9: 'NUMBER' is not a type; use INTEGER, REAL, TEXT or BOOLEAN");
    EXPECT_EQ(error("t=a/*(x:2)"),
              "column 9: level out of range; names of this pattern have levels 0 to 1");
    EXPECT_EQ(error("t=a/*(x:1 INTEGER)"),
              "column 11: a level is always TEXT; use CAST in the query");
    EXPECT_EQ(error("t=a/*(x:y)"), "column 9: 'y' is neither a level number nor a JSON Pointer");
    EXPECT_EQ(error("t=a/*(x) y"), "column 10: unexpected text after the declaration");
    EXPECT_NE(error("t=a**b"), "");
    EXPECT_NE(error("t=a/*(x:/~2)"), "");
    EXPECT_NE(database({"records=a/*"}).error().detail.find("already exists"), std::string::npos);
    EXPECT_EQ(database({"sqlite_x=a/*"}).error(), Errc::bad_configuration);
}

TEST_F(SqlTest, ATypedColumnGivesItsTypeOrNull) {
    const std::string table = "t=v/*(n:1, v, i:/v INTEGER, r:/v REAL, s:/v TEXT, b:/v BOOLEAN)";
    const auto row = [&](const std::string& json) {
        put("v/x", R"({"v":)" + json + "}");
        return ask("SELECT v, i, r, s, b FROM t", {table});
    };
    EXPECT_EQ(row("7"), "7|7|7|NULL|NULL");
    EXPECT_EQ(row("7.0"), "7|NULL|7|NULL|NULL");
    EXPECT_EQ(row("18446744073709551615"),
              "1.84467440737096e+19|NULL|1.84467440737096e+19|NULL|NULL");
    EXPECT_EQ(row(R"("7")"), "'7'|NULL|NULL|'7'|NULL");
    EXPECT_EQ(row("true"), "1|NULL|NULL|NULL|1");
    EXPECT_EQ(row("null"), "NULL|NULL|NULL|NULL|NULL");
    EXPECT_EQ(row("[1,{}]"), "'[1,{}]'|NULL|NULL|NULL|NULL");
    EXPECT_EQ(ask("SELECT name, version, document FROM t", {table}), R"('v/x'|7|'{"v":[1,{}]}')");
    EXPECT_EQ(ask("SELECT abs(updated - 1000 * strftime('%s', 'now')) < 100000 FROM t", {table}),
              "1");
}

TEST_F(SqlTest, GroupsAreThoseOfSqliteForValuesOfEveryKind) {
    int number = 0;
    for (const char* json :
         {"1", "1.0", "true", R"("1")", "null", "[1]", R"("[1]")", "{}", "2.5", R"("")", "false",
          "0", "-0.0", "9007199254740993", "9007199254740992.0"}) {
        put("v/" + std::to_string(++number), R"({"v":)" + std::string(json) + "}");
    }
    const std::vector<std::string> table{"t=v/*(v)"};
    for (const std::string tail : {"GROUP BY v ORDER BY v", "GROUP BY v ORDER BY v DESC",
                                   "GROUP BY v ORDER BY count(*), v"}) {
        EXPECT_EQ(ask("SELECT quote(v + 0 = v), count(*), min(name) FROM t " + tail, table),
                  ask("SELECT quote(v + 0 = v), count(*), min(name) FROM "
                      "(SELECT +v AS v, name FROM t LIMIT -1) " +
                          tail,
                      table))
            << tail;
    }
    EXPECT_EQ(ask("SELECT count(*) FROM (SELECT DISTINCT v FROM t)", table), "10");
}

/// The same conditions, in a form that SQLite cannot pass to the index.
TEST_F(SqlTest, NarrowingLosesNoRow) {
    for (const char* first : {"a", "a-b", "b", "42", "042", "A"}) {
        for (const char* second : {"x", "1", "01", "é", "x y"}) {
            for (const char* third : {"s", "t"}) {
                put(std::string(first) + "/" + second + "/" + third, "{}");
            }
        }
    }
    std::mt19937_64 random(7);
    const auto pick = [&](const std::vector<std::string>& from) {
        return from[random() % from.size()];
    };
    const std::vector<std::string> values{
        "'a'",  "'b'", "'42'",  "42",      "42.0", "'a/x/s'", "'a/x'", "''",         "'é'",
        "NULL", "'*'", "x'61'", "'a-b/x'", "'A'",  "1",       "'x y'", "(SELECT 42)"};
    const std::vector<std::string> patterns{"'a/%'", "'A%'", "'a_b%'", "'%s'", "'a/x/s'", "''"};
    const std::vector<std::string> globs{"'a/*'", "'a/[x1]*'", "'*'", "'?/x/s'", "'4*'"};
    const std::vector<std::string> table{"t=*/*/*(p:0, q:1, r:2)"};
    auto opened = database(table).value();
    const auto condition = [&]() -> std::string {
        const std::string column = pick({"name", "p", "q", "r"});
        switch (random() % 6) {
            case 0: return "name LIKE " + pick(patterns);
            case 1: return "name GLOB " + pick(globs);
            case 2: return column + " IN (" + pick(values) + ", " + pick(values) + ")";
            case 3: return "name BETWEEN " + pick(values) + " AND " + pick(values);
            default:
                return column + " " + pick({"=", "=", "=", "<", "<=", ">", ">=", "IS"}) + " " +
                       pick(values);
        }
    };
    for (int round = 0; round < 1500; ++round) {
        std::string where = condition();
        for (std::uint64_t more = random() % 3; more > 0; --more) {
            where += pick({" AND ", " AND ", " OR "}) + condition();
        }
        const std::string narrowed =
            rows_of(opened, "SELECT name FROM t WHERE " + where + " ORDER BY name");
        const std::string all = rows_of(opened,
                                        "WITH u AS MATERIALIZED (SELECT name, p, q, r FROM t) "
                                        "SELECT name FROM u WHERE " +
                                            where + " ORDER BY name");
        ASSERT_EQ(narrowed, all) << where;
    }
}

}  // namespace
}  // namespace ringside
