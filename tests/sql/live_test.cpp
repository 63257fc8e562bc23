#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "ringside/sql_live.hpp"
#include "tests/sql/sql_support.hpp"

/// Live queries in SQL.
namespace ringside {
namespace {

using std::chrono::milliseconds;
using Kind = LiveChange::Kind;

class SqlLiveTest : public testing::SqlTest {
protected:
    static inline const std::vector<std::string> tables_{
        "seats=seat/*/*(block:1, number:2, status, price, size INTEGER)", "ones=one/*(x)"};

    [[nodiscard]] Result<LiveQuery> live(const std::string& text) const {
        auto description = sql::live_query_spec(text, {.tables = tables_});
        if (!description) return description.error();
        return client_.live_query(*std::move(description));
    }
    static std::string text_of(Row row) {
        std::string text;
        for (const OwnedScalar& value : row) {
            text += (text.empty() ? "" : "|") + testing::text_of(sql::cell_of(value));
        }
        return text;
    }
    static std::string text_of(const Rows& rows) {
        std::string text;
        for (const Row row : rows) text += (text.empty() ? "" : "\n") + text_of(row);
        return text;
    }
    static std::string sorted(const std::string& rows) {
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < rows.size();) {
            const std::size_t end = std::min(rows.find('\n', at), rows.size());
            lines.push_back(rows.substr(at, end - at));
            at = end + 1;
        }
        std::ranges::sort(lines);
        std::string text;
        for (const std::string& line : lines) text += line + '\n';
        return text;
    }
    [[nodiscard]] std::string fresh(const std::string& text, Revision revision) const {
        auto database = sql::Database::open(client_.snapshot({.revision = revision}).value(),
                                            {.tables = tables_})
                            .value();
        return rows_of(database, text);
    }
    [[nodiscard]] std::string refusal(const std::string& text) const {
        const auto made = sql::live_query_spec(text, {.tables = tables_});
        if (made) return "none";
        EXPECT_EQ(made.error(), Errc::bad_query) << text;
        const std::string& detail = made.error().detail;
        return detail.substr(0, detail.find(" is not supported in a live query"));
    }
};

TEST_F(SqlLiveTest, ChangesOfEachGroupAreDelivered) {
    put("seat/a/1", R"({"status":"sold","price":20})");
    put("seat/a/2", R"({"status":"free","price":10.5})");
    LiveQuery sales = live(
                          "SELECT count(*) AS n, block, sum(price) FROM seats "
                          "WHERE status = 'sold' GROUP BY block;")
                          .value();
    EXPECT_EQ(sales.rows().columns(), (std::vector<std::string>{"n", "block", "sum(price)"}));
    EXPECT_EQ(text_of(sales.rows()), "1|'a'|20");
    client_.patch("seat/a/2", "/status", R"("sold")").value();
    auto update = sales.next(testing::soon).value();
    ASSERT_EQ(update.changes.size(), 1U);
    EXPECT_EQ(update.changes[0].kind, Kind::changed);
    EXPECT_EQ(text_of(update.changes[0].key), "'a'");
    EXPECT_EQ(text_of(update.changes[0].row), "2|'a'|30.5");
    client_.remove("seat/a/1").value();
    client_.remove("seat/a/2").value();
    while (!sales.rows().empty()) ASSERT_TRUE(sales.next(testing::soon));
}

TEST_F(SqlLiveTest, ReadsNoMoreThanItsConditionsOnNamesLeave) {
    const auto pattern = [](const std::string& condition) {
        return sql::live_query_spec("SELECT name FROM seats WHERE " + condition,
                                    {.tables = tables_})
            .value()
            .pattern;
    };
    EXPECT_EQ(pattern("block = 'a'"), "seat/a/*");
    EXPECT_EQ(pattern("number = '7' AND status = 'sold'"), "seat/*/7");
    EXPECT_EQ(pattern("name = 'seat/a/1'"), "seat/a/1");
    EXPECT_EQ(pattern("name = 'elsewhere'"), "seat/*/*");
    const auto of_records = [](const std::string& condition) {
        return sql::live_query_spec("SELECT count(*) FROM records WHERE " + condition)
            .value()
            .pattern;
    };
    EXPECT_EQ(of_records("name GLOB 'seat/a/*'"), "seat/a/**");
    EXPECT_EQ(of_records("name LIKE 'seat/a%'"), "seat/**");
    EXPECT_EQ(of_records("name >= 'seat/a' AND name < 'seat/b/2'"), "seat/**");
    EXPECT_EQ(of_records("name >= 'seat/a'"), "**");
    EXPECT_EQ(of_records("name GLOB '*/seat'"), "**");
    EXPECT_EQ(of_records("name GLOB '$sys/*'"), "**") << "which are none";
    EXPECT_EQ(pattern("block IN ('a', 'b')"), "seat/*/*");
    EXPECT_EQ(pattern("block = 'a' OR block = 'b'"), "seat/*/*");
    EXPECT_EQ(pattern("block = 'no/level'"), "seat/*/*");
    EXPECT_EQ(pattern("1 = 0"), "seat/*/*");
}

/// Statements that all must be kept up to date.
const std::vector<std::string> statements{
    "SELECT * FROM seats",
    "SELECT name, revision, version, updated, document FROM records WHERE name GLOB 'seat/*'",
    "SELECT name FROM records WHERE name GLOB '$sys/*' OR name = '$sys/broker'",
    "SELECT name FROM records WHERE name GLOB '$sys/*'",
    "SELECT s.number, upper(status), price * 2 AS twice FROM seats AS s WHERE twice > 10",
    "SELECT name FROM seats WHERE name IN ('seat/a/1', 'seat/b/2', 'seat/b/3')",
    "SELECT name FROM seats WHERE block = 'a' OR name = 'seat/b/1'",
    "SELECT name, document ->> '$.tags[0]' FROM seats WHERE document ->> 'status' LIKE 's%'",
    "SELECT name, price IS NOT DISTINCT FROM 5 FROM seats WHERE price IS DISTINCT FROM 7",
    "SELECT count(*), count(price), count(DISTINCT price), sum(size), min(price), max(price), "
    "avg(size) FROM seats",
    "SELECT block, status, count(*), count(size), sum(size), avg(size), min(status), max(size) "
    "FROM seats GROUP BY block, status",
    "SELECT count(*), sum(price) FROM seats WHERE block = 'b' GROUP BY status",
    "SELECT status FROM seats GROUP BY 1",
    "SELECT lower(status) || block AS kind, max(length(name)) m FROM seats GROUP BY kind",
    "SELECT size % 3 third, count(*) FILTER (WHERE status = 'sold') AS sold, "
    "sum(size) FILTER (WHERE status <> 'sold') FROM seats WHERE third >= 0 GROUP BY size % 3",
    "SELECT CASE status WHEN 'sold' THEN 1 ELSE 0 END /* a, b FROM */ AS \"is, sold\", count(*) "
    "FROM seats GROUP BY \"is, sold\" -- all",
    "SELECT count(price), sum(price), min(price) FROM seats WHERE status = 'nonsense'",
    "SELECT max(size, 3) AS top, count(*) FROM \"seats\" GROUP BY max(size,  3)",
};

class RandomWriter {
public:
    explicit RandomWriter(Client& client) : client_(client) {}

    void step() {
        switch (random_() % 8) {
            case 0: return static_cast<void>(client_.remove(name()));
            case 1: return static_cast<void>(client_.patch(name(), "/size", number()));
            case 2:
                client_.put(name(), document(), {.ttl = milliseconds(1 + random_() % 20)}).value();
                return;
            default: client_.put(name(), document()).value();
        }
    }

private:
    std::string name() {
        return std::string("seat/") + "abc"[random_() % 3] + "/" + std::to_string(random_() % 12);
    }
    std::string number() { return std::to_string(random_() % 20); }
    std::string document() {
        static constexpr const char* statuses[] = {"\"sold\"", "\"Sold\"", "\"free\"", "null"};
        static constexpr const char* prices[] = {"null",  "\"12\"", "\"x\"", "true",
                                                 "[1,2]", "2.5",    "5",     "7"};
        std::string json = std::string(R"({"status":)") + statuses[random_() % 4];
        if (random_() % 4 != 0) json += std::string(R"(,"price":)") + prices[random_() % 8];
        if (random_() % 3 != 0) json += R"(,"size":)" + number();
        if (random_() % 3 == 0) json += R"(,"tags":[)" + number() + "]";
        return json + "}";
    }

    Client& client_;
    std::mt19937 random_{7};
};

TEST_F(SqlLiveTest, IsWhatAFreshQueryGivesAtEachRevision) {
    RandomWriter writer(client_);
    for (int i = 0; i < 50; ++i) writer.step();
    std::vector<LiveQuery> queries;
    for (const std::string& statement : statements) {
        auto made = live(statement);
        ASSERT_TRUE(made) << statement << ": " << made.error().text();
        queries.push_back(*std::move(made));
    }
    for (int round = 0; round < 60; ++round) {
        for (int i = 0; i < 5; ++i) writer.step();
        for (std::size_t i = 0; i < queries.size(); ++i) {
            auto update = queries[i].poll();
            ASSERT_TRUE(update || update.error() == Errc::would_block) << update.error().text();
            EXPECT_EQ(sorted(text_of(queries[i].rows())),
                      sorted(fresh(statements[i], queries[i].revision())))
                << statements[i] << " at " << queries[i].revision();
        }
    }
}

TEST_F(SqlLiveTest, ShowsAllChangesOfACommitOrNone) {
    constexpr int accounts = 10;
    for (int i = 0; i < accounts; ++i) put("one/" + std::to_string(i), R"({"x":100})");
    LiveQuery total = live("SELECT sum(x), count(*) FROM ones").value();
    LiveQuery each = live("SELECT name, x FROM ones").value();
    std::atomic<bool> is_done = false;
    std::thread writer([&] {
        Client client = Client::attach({.grid = grid_.name()}).value();
        for (int i = 0; i < 2000; ++i) {
            Transaction move;
            move.put("one/" + std::to_string(i % accounts), R"({"x":)" + std::to_string(i) + "}");
            move.put("one/" + std::to_string((i + 1) % accounts),
                     R"({"x":)" + std::to_string(200 - i) + "}");
            for (int k = 2; k < accounts; ++k)
                move.put("one/" + std::to_string((i + k) % accounts), R"({"x":100})");
            client.commit(move).value();
        }
        is_done = true;
    });
    while (!is_done) {
        EXPECT_EQ(total.poll().error(), Errc::would_block);
        EXPECT_EQ(text_of(total.rows()), "1000|10");
        static_cast<void>(each.poll());
        std::int64_t sum = 0;
        for (const Row row : each.rows()) sum += row[1].as_int64().value();
        EXPECT_EQ(sum, 1000) << "at " << each.revision();
    }
    writer.join();
}

TEST_F(SqlLiveTest, SumsTextsAsNumbersAsSqlDoes) {
    LiveQuery sum = live("SELECT sum(price), avg(price) FROM seats").value();
    const char* prices[] = {R"("12")", R"("1.5")", R"("x")", "true", "null", "[1]", "3"};
    for (int i = 0; i < 7; ++i) {
        const auto written = client_.put("seat/a/" + std::to_string(i),
                                         std::string(R"({"price":)") + prices[i] + "}");
        while (sum.revision() < written->revision) static_cast<void>(sum.next(milliseconds(10)));
        EXPECT_EQ(text_of(sum.rows()),
                  fresh("SELECT sum(price), avg(price) FROM seats", sum.revision()));
    }
}

TEST_F(SqlLiveTest, ARecordThatAnExpressionCannotTakeEndsIt) {
    put("seat/a/1", R"({"status":"{}"})");
    LiveQuery query = live("SELECT json_extract(status, '$.x') FROM seats").value();
    put("seat/a/2", R"({"status":"no JSON"})");
    const auto failed = query.next(testing::soon);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), Errc::bad_query);
    EXPECT_NE(failed.error().detail.find("malformed JSON"), std::string::npos)
        << failed.error().detail;
    EXPECT_EQ(query.poll().error(), Errc::bad_query) << "for good";
    EXPECT_EQ(live("SELECT json_extract(status, '$.x') FROM seats").error(), Errc::bad_query);
    EXPECT_EQ(live("SELECT CAST(status AS BLOB) FROM seats").error().detail,
              "a live query cannot return a BLOB");
    EXPECT_EQ(live("SELECT sum(9e999) FROM seats").error().detail,
              "a sum of a live query is infinite");
}

TEST_F(SqlLiveTest, RefusesWhatCannotBeKeptUpToDate) {
    const std::pair<const char*, const char*> cases[] = {
        {"VALUES (1)", "line 1, column 1: a statement other than SELECT"},
        {"WITH a AS (SELECT 1) SELECT * FROM a", "line 1, column 1: a statement other than SELECT"},
        {"SELECT DISTINCT status FROM seats", "line 1, column 8: DISTINCT"},
        {"SELECT 1", "line 1, column 8: a statement without FROM"},
        {"SELECT * FROM seats JOIN records", "line 1, column 21: JOIN"},
        {"SELECT * FROM seats LEFT JOIN records", "line 1, column 26: JOIN"},
        {"SELECT * FROM seats, records", "line 1, column 20: FROM with more than one table"},
        {"SELECT * FROM seats s, records", "line 1, column 22: FROM with more than one table"},
        {"SELECT * FROM (SELECT 1)", "line 1, column 16: a subquery"},
        {"SELECT * FROM json_each('[]')", "line 1, column 15: FROM without a table name"},
        {"SELECT * FROM sqlite_schema", "line 1, column 15: FROM without a table name"},
        {"SELECT count(*) FROM seats GROUP BY block\nHAVING count(*) > 1",
         "line 2, column 1: HAVING"},
        {"SELECT name FROM seats ORDER BY name", "line 1, column 24: ORDER BY"},
        {"SELECT name FROM seats LIMIT 1", "line 1, column 24: LIMIT"},
        {"SELECT name FROM seats UNION SELECT 1", "line 1, column 24: UNION"},
        {"SELECT name FROM seats EXCEPT SELECT 1", "line 1, column 24: EXCEPT"},
        {"SELECT name FROM seats INTERSECT SELECT 1", "line 1, column 24: INTERSECT"},
        {"SELECT name FROM seats WHERE name IN (SELECT 1)", "line 1, column 39: a subquery"},
        {"SELECT name FROM seats WHERE 1 IN ones", "line 1, column 32: IN with a table"},
        {"SELECT count(*) OVER () FROM seats", "line 1, column 17: a window function"},
        {"SELECT random() FROM seats",
         "line 1, column 8: a function that depends on more than the records"},
        {"SELECT datetime('now') FROM seats", "line 1, column 8: the time of day"},
        {"SELECT name FROM seats WHERE updated < unixepoch() - 9",
         "line 1, column 40: the time of day"},
        {"SELECT strftime('%s') FROM seats", "line 1, column 8: the time of day"},
        {"SELECT unixepoch('subsec') FROM seats", "line 1, column 8: the time of day"},
        {"SELECT rowid FROM seats", "the rowid"},
        {"SELECT count(*) FROM main.seats", "line 1, column 22: FROM without a table name"},
        {"EXPLAIN SELECT name FROM seats", "line 1, column 1: a statement other than SELECT"},
        {"SELECT current_time FROM seats", "line 1, column 8: the time of day"},
        {"SELECT total(price) FROM seats", "line 1, column 8: this aggregate"},
        {"SELECT median(price) FROM seats", "line 1, column 8: this aggregate"},
        {"SELECT block, Percentile_Cont(price, 0.9) FROM seats GROUP BY block",
         "line 1, column 15: this aggregate"},
        {"SELECT 1 + count(*) FROM seats", "an aggregate within an expression"},
        {"SELECT sum(price) / count(*) FROM seats",
         "line 1, column 8: an item that is neither in GROUP BY nor an aggregate"},
        {"SELECT block, status, count(*) FROM seats GROUP BY block",
         "line 1, column 15: an item that is neither in GROUP BY nor an aggregate"},
        {"SELECT sum(DISTINCT price) FROM seats",
         "line 1, column 12: DISTINCT outside of count(DISTINCT x)"},
        {"SELECT count(*) FROM seats GROUP BY status COLLATE NOCASE",
         "line 1, column 44: COLLATE in a group or an aggregate"},
        // In SQLite's words.
        {"SELECT nam FROM seats", "line 1, column 8: no such column: nam"},
        {"SELECT name FROM seat", "no such table: seat"},
        {"SELECT sum(*) FROM seats",
         "line 1, column 8: wrong number of arguments to function sum()"},
        {"DELETE FROM seats", "table seats may not be modified"},
        {"SELECT 1 FROM seats; SELECT 2",
         "line 1, column 22: more than one statement; run them one at a time"},
        {"", "empty statement"},
    };
    for (const auto& [text, what] : cases) EXPECT_EQ(refusal(text), what) << text;
    EXPECT_EQ(refusal("SELECT datetime(updated / 1000, 'unixepoch'), strftime('%H', 0) FROM seats"),
              "none");
    std::optional<std::size_t> offset;
    EXPECT_FALSE(sql::live_query_spec("SELECT nam FROM records", {}, &offset));
    EXPECT_EQ(offset, 7U);
    EXPECT_EQ(sql::live_query_spec("SELECT 1", {.tables = {"x="}}).error(),
              Errc::bad_configuration);
}

}  // namespace
}  // namespace ringside
