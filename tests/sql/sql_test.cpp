#include "tests/sql/sql_support.hpp"

/// SQL over the records of a real grid.
namespace ringside {
namespace {

using testing::SqlTest;

const std::string seats_table = "seats=event/*/seat/*(event:1, seat:3, status, price INTEGER)";

class SeatsTest : public SqlTest {
protected:
    SeatsTest() {
        for (const int event : {41, 42}) {
            for (int seat = 1; seat <= 100; ++seat) {
                put("event/" + std::to_string(event) + "/seat/" + std::to_string(seat),
                    R"({"status":")" + std::string(seat % 4 == 0 ? "sold" : "free") +
                        R"(","price":)" + std::to_string(seat * 10) + "}");
            }
            put("event/" + std::to_string(event) + "/sales", R"({"sold":25,"by":{"box":[1,2]}})");
        }
        put("venue/1", R"({"name":"Arena","events":[41,42]})");
    }
    [[nodiscard]] std::string seats(const std::string& query) const {
        return ask(query, {seats_table});
    }
    [[nodiscard]] std::string plan(const std::string& query) const {
        auto opened = database({seats_table}).value();
        auto plan = opened.explain(query);
        return plan ? *plan : plan.error().text();
    }
};

TEST_F(SeatsTest, RecordsAreATableWithoutADeclaration) {
    EXPECT_EQ(ask("SELECT count(*) FROM records"), "203");
    EXPECT_EQ(ask("SELECT name, version, document FROM records WHERE name = 'event/41/seat/7'"),
              R"('event/41/seat/7'|1|'{"price":70,"status":"free"}')");
    EXPECT_EQ(ask("SELECT document ->> '$.name' FROM records WHERE name LIKE 'venue/%'"),
              "'Arena'");
    EXPECT_EQ(ask("SELECT sum(document ->> 'price') FROM records WHERE name GLOB 'event/41/*'"),
              "50500");
    EXPECT_EQ(ask("SELECT * FROM records WHERE name GLOB '$*'"), "");
}

TEST_F(SeatsTest, DeclaredColumnsAreRead) {
    EXPECT_EQ(seats("SELECT * FROM seats WHERE event = '42' AND price >= 990"),
              "'42'|'100'|'sold'|1000\n'42'|'99'|'free'|990");
    EXPECT_EQ(seats("SELECT name, version FROM seats WHERE event = 42 AND seat = 7"),
              "'event/42/seat/7'|1");
    EXPECT_EQ(seats("SELECT status, count(*), sum(price) FROM seats GROUP BY status"),
              "'free'|150|75000\n'sold'|50|26000");
    EXPECT_EQ(seats("SELECT event, status, count(*) FROM seats GROUP BY event, status "
                    "ORDER BY event DESC, status"),
              "'42'|'free'|75\n'42'|'sold'|25\n'41'|'free'|75\n'41'|'sold'|25");
    EXPECT_EQ(seats("SELECT DISTINCT status FROM seats WHERE price > 990"), "'sold'");
    EXPECT_EQ(seats("SELECT status, count(*) FROM seats WHERE event IN ('42', '41', 'x') "
                    "GROUP BY status"),
              "'free'|150\n'sold'|50");
    EXPECT_EQ(seats("SELECT event, seat FROM seats WHERE seat IN ('9', '10') AND event IN ('42', "
                    "'41') ORDER BY name"),
              "'41'|'10'\n'41'|'9'\n'42'|'10'\n'42'|'9'");
    EXPECT_EQ(seats("SELECT name FROM seats WHERE name IN ('event/42/seat/7', 'x', "
                    "'event/41/seat/8') ORDER BY name"),
              "'event/41/seat/8'\n'event/42/seat/7'");
    EXPECT_EQ(seats("SELECT status, count(*) FROM seats GROUP BY status ORDER BY status DESC"),
              "'sold'|50\n'free'|150");
}

TEST_F(SeatsTest, JoinsWindowsAndCommonTableExpressionsWork) {
    EXPECT_EQ(seats("SELECT s.event, count(*), r.document ->> 'sold' FROM seats s JOIN records r "
                    "ON r.name = 'event/' || s.event || '/sales' WHERE s.status = 'sold' "
                    "GROUP BY s.event"),
              "'41'|25|25\n'42'|25|25");
    EXPECT_EQ(seats("WITH ranked AS (SELECT event, price, rank() OVER (PARTITION BY event "
                    "ORDER BY price DESC) AS place FROM seats) "
                    "SELECT event, price FROM ranked WHERE place = 2"),
              "'41'|990\n'42'|990");
    EXPECT_EQ(seats("SELECT v.document ->> 'name', s.event, count(*) FROM records v, "
                    "json_each(v.document, '$.events') e, seats s "
                    "WHERE v.name = 'venue/1' AND s.event = CAST(e.value AS TEXT) GROUP BY 2"),
              "'Arena'|'41'|100\n'Arena'|'42'|100")
        << last_detail();
}

TEST_F(SeatsTest, ConditionsOnNamesAndLevelsNarrowWhatIsRead) {
    const auto by = [&](const std::string& condition) {
        return plan("SELECT * FROM seats WHERE " + condition);
    };
    EXPECT_EQ(by("event = '42'"), "SCAN seats by event =");
    EXPECT_EQ(by("event = 42 AND seat = 'A'"), "SCAN seats by event =, seat =");
    EXPECT_EQ(by("name = 'x'"), "SCAN seats by name =");
    EXPECT_EQ(by("event IN ('41', '42')"), "SCAN seats by event IN");
    EXPECT_EQ(by("name BETWEEN 'a' AND 'b'"), "SCAN seats by name >=, name <=");
    EXPECT_EQ(by("name GLOB 'event/42/*'"), "SCAN seats by name >=, name <, name GLOB");
    EXPECT_EQ(by("price > 3"), "SCAN seats all of event/*/seat/*");
    EXPECT_EQ(by("event = '42' COLLATE NOCASE"), "SCAN seats all of event/*/seat/*");
    EXPECT_EQ(plan("SELECT status, count(*) FROM seats GROUP BY status ORDER BY status"),
              "SCAN seats all of event/*/seat/*, in groups of status");
    EXPECT_EQ(plan("SELECT * FROM seats ORDER BY name LIMIT 3"),
              "SCAN seats all of event/*/seat/*");
}

TEST_F(SeatsTest, ErrorsHaveTheirPlace) {
    EXPECT_EQ(error_of("SELECT *\nFORM records"), R"(line 2, column 1: near "FORM": syntax error)");
    EXPECT_EQ(error_of("SELECT nonsense FROM records"),
              "line 1, column 8: no such column: nonsense");
    EXPECT_EQ(error_of("SELECT 1; SELECT 2"),
              "line 1, column 11: more than one statement; run them one at a time");
    EXPECT_EQ(error_of("SELECT 1; -- and nothing else\n;"), "");
    EXPECT_EQ(error_of("  -- nothing"), "empty statement");
    EXPECT_EQ(ask("SELECT json_extract('{', '$.a')"), "<bad_query>");
}

TEST_F(SeatsTest, AQueryCanOnlyRead) {
    for (const std::string statement : {"INSERT INTO records(name) VALUES ('x')",
                                        "DELETE FROM records",
                                        "DROP TABLE records",
                                        "CREATE TABLE t(a)",
                                        "CREATE TEMP TABLE t(a)",
                                        "CREATE VIEW v AS SELECT 1",
                                        "ATTACH '/tmp/x.db' AS x",
                                        "PRAGMA temp_store = FILE",
                                        "PRAGMA table_info(records)",
                                        "VACUUM INTO '/tmp/x.db'",
                                        "SELECT load_extension('x.so')",
                                        "SELECT fts3_tokenizer('simple')",
                                        "SELECT * FROM pragma_database_list",
                                        "CREATE VIRTUAL TABLE f USING fts5(a)",
                                        "BEGIN",
                                        "SAVEPOINT s",
                                        "REINDEX",
                                        "ANALYZE",
                                        "UPDATE records SET name = 'x'",
                                        "SELECT ?1"}) {
        EXPECT_EQ(ask(statement), "<bad_query>") << statement;
    }
}

}  // namespace
}  // namespace ringside
