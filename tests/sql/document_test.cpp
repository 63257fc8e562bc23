#include <sqlite3.h>

#include <cmath>
#include <memory>
#include <random>

#include "shm/document/json.hpp"
#include "tests/sql/sql_support.hpp"

/// JSON functions on documents: the results equal those of SQLite on the text, without the text.
namespace ringside {
namespace {

using testing::SqlTest;
using testing::text_of;

/// Plain SQLite.
class PlainSqlite {
public:
    PlainSqlite() { sqlite3_open(":memory:", &connection_); }
    ~PlainSqlite() { sqlite3_close(connection_); }
    PlainSqlite(const PlainSqlite&) = delete;
    PlainSqlite& operator=(const PlainSqlite&) = delete;

    /// Returns the value of an expression with `document` as ?1, as `text_of` shows it; or
    /// "<error>".
    [[nodiscard]] std::string value(const std::string& expression,
                                    const std::string& document) const {
        sqlite3_stmt* statement = nullptr;
        const std::string text = "SELECT " + expression;
        sqlite3_prepare_v2(connection_, text.c_str(), -1, &statement, nullptr);
        sqlite3_bind_text(statement, 1, document.data(), static_cast<int>(document.size()),
                          SQLITE_TRANSIENT);
        std::string shown = "<error>";
        if (statement != nullptr && sqlite3_step(statement) == SQLITE_ROW) shown = show(statement);
        sqlite3_finalize(statement);
        return shown;
    }

private:
    static std::string show(sqlite3_stmt* statement) {
        switch (sqlite3_column_type(statement, 0)) {
            case SQLITE_INTEGER: return text_of(std::int64_t{sqlite3_column_int64(statement, 0)});
            case SQLITE_FLOAT: return text_of(sqlite3_column_double(statement, 0));
            case SQLITE_NULL: return "NULL";
            default: {
                const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
                return text_of(std::string_view(
                    text, static_cast<std::size_t>(sqlite3_column_bytes(statement, 0))));
            }
        }
    }
    sqlite3* connection_ = nullptr;
};

/// Random documents and paths with few keys, so that they often match.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::string json(int depth = 0) {
        const int kind = below(depth > 3 ? 8 : 10);
        if (kind == 8) {
            std::string text;
            for (int i = below(4); i > 0; --i) text += (text.empty() ? "" : ",") + json(depth + 1);
            return "[" + text + "]";
        }
        if (kind == 9) {
            std::string text;
            for (const char* key :
                 {R"("a")", R"("b")", R"("a b")", R"("é")", R"("1")", R"("q\"")"}) {
                if (below(2) == 0) continue;
                text += (text.empty() ? "" : ",") + std::string(key) + ":" + json(depth + 1);
            }
            return "{" + text + "}";
        }
        static constexpr const char* scalars[] = {
            "null", "true",        "false",  "0",           "-17",   "9223372036854775807",
            "1.5",  "-2e10",       R"("é")", R"("a\nb\"")", R"("")", "18446744073709551615",
            "3.0",  R"("\u0000x")"};
        return scalars[below(std::size(scalars))];
    }

    std::string path() {
        static constexpr const char* odd[] = {"a",  "b",           "1",   "0",   "é",
                                              "$",  "$.",          "$[",  "[0]", "$[#]",
                                              "-1", "$.\"q\\\"\"", "x y", "$a",  "a.b"};
        if (below(3) == 0) return odd[below(std::size(odd))];
        static constexpr const char* steps[] = {".a",  ".b",    ".\"a b\"", ".é",    ".1",    "[0]",
                                                "[1]", "[#-1]", "[2]",      "[#-9]", ".\"a\""};
        std::string text = "$";
        for (int i = below(4); i > 0; --i) text += steps[below(std::size(steps))];
        return text;
    }

private:
    template <class Bound>
    int below(Bound bound) {
        return static_cast<int>(engine_() % static_cast<std::uint64_t>(bound));
    }
    std::mt19937_64 engine_;
};

TEST_F(SqlTest, JsonFunctionsGiveWhatSqliteGivesOnTheText) {
    const PlainSqlite plain;
    Random random(20240607);
    for (int round = 0; round < 60; ++round) {
        put("x", random.json());
        const std::string document = to_json(client_.get("x").value().document());
        auto opened = database().value();
        for (int i = 0; i < 40; ++i) {
            std::string path = random.path();
            for (std::size_t at = 0; (at = path.find('\'', at)) != std::string::npos; at += 2) {
                path.insert(at, 1, '\'');
            }
            for (const std::string form :
                 {"# ->> '@'", "# -> '@'", "json_extract(#, '@')", "json_type(#, '@')",
                  "json_array(# -> '@', json_extract(#, '@'), # ->> '@')", "max(# ->> '@')",
                  "json_extract(#, '@', '$.a')"}) {
                std::string expression = form;
                for (std::size_t at = 0; (at = expression.find('@')) != std::string::npos;) {
                    expression.replace(at, 1, path);
                }
                std::string ours = expression;
                for (std::size_t at = 0; (at = ours.find('#')) != std::string::npos;) {
                    if (ours.compare(at, 2, "#-") == 0 || ours[at - 1 + (at == 0)] == '[') {
                        ours.replace(at, 1, "\x01");
                    } else {
                        ours.replace(at, 1, "document");
                    }
                }
                std::replace(ours.begin(), ours.end(), '\x01', '#');
                std::string theirs = ours;
                for (std::size_t at = 0; (at = theirs.find("document")) != std::string::npos;) {
                    theirs.replace(at, 8, "?1");
                }
                const std::string wanted = plain.value(theirs, document);
                std::string found = rows_of(opened, "SELECT " + ours + " FROM records");
                if (found.starts_with("<")) found = "<error>";
                ASSERT_EQ(found, wanted) << ours << " of " << document << last_detail();
            }
        }
    }
}

TEST_F(SqlTest, DocumentsAreReadInPlaceWhereOnlyJsonFunctionsReadThem) {
    put("a", R"({"price":1,"tags":["x","y"]})");
    put("b", R"({"price":2,"tags":[]})");
    const auto use = [&](const std::string& query) {
        auto opened = database().value();
        const std::string plan = opened.explain(query).value();
        if (plan.find("in place") != std::string::npos) return "in place";
        return plan.find("JSON text") != std::string::npos ? "text" : "none";
    };
    for (const std::string query :
         {"SELECT document ->> 'price' FROM records",
          "SELECT sum(document ->> '$.price') FROM records",
          "SELECT name FROM records WHERE document ->> 'price' > 1 AND name > 'a'",
          "SELECT name FROM records ORDER BY document ->> 'price' DESC LIMIT 1",
          "SELECT a.name, b.document ->> 'price' FROM records a JOIN records b "
          "ON a.document ->> 'price' = b.document ->> 'price'",
          "SELECT DISTINCT json_type(document, '$.tags') FROM records"}) {
        EXPECT_EQ(use(query), "in place") << query;
    }
    for (const std::string query :
         {"SELECT document FROM records", "SELECT length(document) FROM records",
          "SELECT document ->> 'price', document FROM records", "SELECT max(document) FROM records",
          "SELECT document ->> 'price' FROM records ORDER BY document",
          "SELECT d ->> 'price' FROM (SELECT document AS d FROM records ORDER BY version LIMIT 1)",
          "SELECT value FROM records, json_each(records.document, '$.tags')",
          "SELECT count(*) FROM records WHERE document IS NOT NULL",
          "SELECT document ->> 'price', count(*) FROM records GROUP BY 1",
          "SELECT json_group_array(document) FROM records"}) {
        EXPECT_EQ(use(query), "text") << query;
        EXPECT_EQ(ask(query).find("NULL"), std::string::npos) << query;
    }
    EXPECT_EQ(use("SELECT name FROM records"), "none");
}

}  // namespace
}  // namespace ringside
