#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <set>

#include "tests/sql/sql_support.hpp"
#include "tests/support/seeded_test.hpp"

/// The same statement over tables of a grid and over copies of them in a plain SQLite database.
namespace ringside {
namespace {

using testing::SqlTest;

/// Tables of plain SQLite with the rows and the column types of ours.
class PlainCopy {
public:
    PlainCopy() {
        sqlite3* opened = nullptr;
        EXPECT_EQ(sqlite3_open(":memory:", &opened), SQLITE_OK);
        connection_.reset(opened);
        run("PRAGMA case_sensitive_like = ON");
    }

    /// Creates a table from `columns`, as in CREATE TABLE, and fills it from the grid's.
    void copy(sql::Database& database, const std::string& table, const std::string& columns,
              const std::string& names) {
        run("CREATE TABLE " + table + "(" + columns + ")");
        auto statement = database.query("SELECT " + names + " FROM " + table).value();
        std::string places;
        for (std::size_t i = 0; i < statement.columns().size(); ++i) {
            places += i == 0 ? "?" : ", ?";
        }
        sqlite3_stmt* insert = nullptr;
        sqlite3_prepare_v2(connection_.get(),
                           ("INSERT INTO " + table + " VALUES (" + places + ")").c_str(), -1,
                           &insert, nullptr);
        while (const auto row = statement.next().value()) {
            for (std::size_t i = 0; i < row->size(); ++i) {
                bind(insert, static_cast<int>(i + 1), (*row)[i]);
            }
            EXPECT_EQ(sqlite3_step(insert), SQLITE_DONE);
            sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
    }

    /// As SqlTest::rows_of; `<error>` for any error.
    [[nodiscard]] std::string rows_of(const std::string& query) {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(connection_.get(), query.c_str(), -1, &statement, nullptr);
        if (statement == nullptr) return "<error>";
        std::string text;
        int status = sqlite3_step(statement);
        for (; status == SQLITE_ROW; status = sqlite3_step(statement)) {
            if (!text.empty()) text += '\n';
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                text += (i > 0 ? "|" : "") + testing::text_of(cell_of(statement, i));
            }
        }
        sqlite3_finalize(statement);
        return status == SQLITE_DONE ? text : text + "<error>";
    }

private:
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };

    void run(const std::string& statement) {
        EXPECT_EQ(sqlite3_exec(connection_.get(), statement.c_str(), nullptr, nullptr, nullptr),
                  SQLITE_OK)
            << statement;
    }
    static void bind(sqlite3_stmt* insert, int place, const sql::Cell& cell) {
        if (const auto* number = std::get_if<std::int64_t>(&cell)) {
            sqlite3_bind_int64(insert, place, *number);
        } else if (const auto* real = std::get_if<double>(&cell)) {
            sqlite3_bind_double(insert, place, *real);
        } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
            sqlite3_bind_text(insert, place, text->data(), static_cast<int>(text->size()),
                              SQLITE_TRANSIENT);
        } else {
            sqlite3_bind_null(insert, place);
        }
    }
    static sql::Cell cell_of(sqlite3_stmt* statement, int column) {
        switch (sqlite3_column_type(statement, column)) {
            case SQLITE_INTEGER:
                return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
            case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
            case SQLITE_TEXT:
                return std::string_view(
                    reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                    static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
            default: return {};
        }
    }

    std::unique_ptr<sqlite3, Close> connection_;
};

/// A statement for a grid, and for the copy.
struct Statements {
    std::string grid;
    std::string copy;
};

/// SQLite treats a column that equals a constant as constant, although several texts can meet a
/// numeric comparison: DISTINCT, GROUP BY and ORDER BY by that column are wrong in its own tables.
/// So the copy's rows are selected first.
Statements chosen_first(const std::string& head, const std::string& where,
                        const std::string& tail) {
    return {head + " FROM t WHERE " + where + tail,
            head + " FROM (SELECT * FROM t WHERE " + where + " LIMIT -1) AS t" + tail};
}

/// Statements over `t(p, q, a, i, x, s, l, b, name)` and `u(k, c, d, name)`.
class StatementMaker {
public:
    explicit StatementMaker(testing::Random random) : random_(random) {}

    [[nodiscard]] Statements make() {
        switch (random_.below(10)) {
            case 0:
            case 1:
            case 2: return same("SELECT name, a, typeof(a), x, s FROM t WHERE " + where());
            case 3: return distinct();
            case 4: return groups();
            case 5: return rows_of_extremes();
            case 6:
            case 7: return same(join());
            case 8: return same(compound());
            default: return ordered();
        }
    }

private:
    using Choice = std::vector<std::string>;

    static Statements same(const std::string& statement) { return {statement, statement}; }

    [[nodiscard]] const std::string& pick(const Choice& from) {
        return from[random_.below(from.size())];
    }
    [[nodiscard]] std::string column() {
        static const Choice columns{"p", "q", "a", "a", "i", "x", "s", "l", "b", "name"};
        return pick(columns);
    }
    [[nodiscard]] std::string literal() {
        static const Choice literals{"0",
                                     "1",
                                     "1.0",
                                     "-0.0",
                                     "2.5",
                                     "42",
                                     "42.0",
                                     "'42'",
                                     "'042'",
                                     "'42.0'",
                                     "' 42'",
                                     "'1'",
                                     "'a'",
                                     "'A'",
                                     "''",
                                     "'[1]'",
                                     "NULL",
                                     "x'3432'",
                                     "TRUE",
                                     "9007199254740992",
                                     "9007199254740993",
                                     "9007199254740992.0",
                                     "-9007199254740993",
                                     "9223372036854775807",
                                     "9223372036854775807.0",
                                     "1.8446744073709552e19",
                                     "1e300",
                                     "'r/42/3'"};
        return pick(literals);
    }
    /// Returns the other side of a comparison.
    [[nodiscard]] std::string operand() {
        switch (random_.below(12)) {
            case 0: return "CAST(" + literal() + " AS " + type() + ")";
            case 1: return "+CAST(" + literal() + " AS " + type() + ")";
            case 2: return "(SELECT " + literal() + ")";
            case 3: return "(SELECT CAST(" + literal() + " AS " + type() + "))";
            case 4: return column();
            case 5: return "CAST(" + column() + " AS " + type() + ")";
            case 6: return pick({"abs(-42)", "'4' || '2'", "40 + 2", "-(-1)", "coalesce(i, '42')"});
            case 7: return literal() + " COLLATE " + pick({"NOCASE", "RTRIM", "BINARY"});
            default: return literal();
        }
    }
    [[nodiscard]] std::string type() {
        static const Choice types{"INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB"};
        return pick(types);
    }
    [[nodiscard]] std::string comparison() {
        static const Choice operators{"=", "=", "=", "==", "<", "<=", ">", ">=", "<>", "IS"};
        return pick(operators);
    }
    [[nodiscard]] std::string condition() {
        switch (random_.below(12)) {
            case 0: return column() + " BETWEEN " + operand() + " AND " + operand();
            case 1: return column() + " IN (" + operand() + ", " + operand() + ")";
            case 2: return column() + " IN (" + operand() + ")";
            case 3: return column() + " IN (SELECT " + pick({"k", "c", "d"}) + " FROM u)";
            case 4:
                return column() + " IN (SELECT CAST(" + pick({"k", "c", "d"}) + " AS " + type() +
                       ") FROM u)";
            case 5:
                return "name " + pick({"GLOB 'r/4*'", "LIKE 'r/%2/%'", "GLOB 'r/' || 42 || '/*'"});
            case 6: return operand() + " " + comparison() + " " + column();
            case 7: return "typeof(" + column() + ") = " + pick({"'integer'", "'real'", "'text'"});
            case 8:
                return "EXISTS (SELECT 1 FROM u WHERE u." + pick({"k", "c", "d"}) + " = t." +
                       column() + ")";
            case 9:
                if (random_.one_in(3)) {
                    return "(" + column() + ", " + column() + ") IN (SELECT " +
                           pick({"k", "c", "d", "CAST(k AS INTEGER)"}) + ", " +
                           pick({"k", "c", "d"}) + " FROM u)";
                }
                return "(" + column() + ", " + column() + ") " + pick({"=", "<", ">="}) + " (" +
                       operand() + ", " + operand() + ")";
            default: return column() + " " + comparison() + " " + operand();
        }
    }
    [[nodiscard]] std::string where() {
        std::string text = condition();
        for (std::uint64_t more = random_.below(3); more > 0; --more) {
            text += pick({" AND ", " AND ", " OR "}) + condition();
        }
        return text;
    }
    [[nodiscard]] Statements distinct() {
        const std::string columns = random_.one_in(2) ? column() : column() + ", " + column();
        return chosen_first("SELECT count(*) FROM (SELECT DISTINCT " + columns, where(), ")");
    }
    [[nodiscard]] Statements groups() {
        const std::string keys = random_.one_in(2) ? column() : column() + ", " + column();
        const std::string having = random_.one_in(3) ? " HAVING count(*) > 1" : "";
        return chosen_first("SELECT count(*), min(name), sum(length(s)), count(a) FILTER (WHERE " +
                                condition() + ")",
                            where(), " GROUP BY " + keys + having);
    }
    /// Columns next to a minimum or maximum are those of its row.
    [[nodiscard]] Statements rows_of_extremes() {
        return chosen_first("SELECT " + pick({"min", "max"}) + "(name), a, typeof(a), x", where(),
                            " GROUP BY " + pick({"a", "x", "i", "s", "p", "l"}));
    }
    [[nodiscard]] std::string join() {
        const std::string on = pick({"u.k", "u.c", "u.d", "+u.k", "CAST(u.d AS INTEGER)",
                                     "CAST(u.c AS TEXT)", "u.k || ''"}) +
                               " " + pick({"=", "=", "=", "=", "<"}) + " t." + column();
        const std::string more = random_.one_in(2) ? " AND " + condition_of_t() : "";
        if (random_.one_in(3)) {
            return "SELECT u.name, t.name FROM u LEFT JOIN t ON " + on + more;
        }
        return "SELECT u.name, t.name, t.a FROM u JOIN t ON " + on + more;
    }
    /// Without columns whose name also exists in the other table.
    [[nodiscard]] std::string condition_of_t() {
        return "t." + column() + " " + comparison() + " " +
               pick({"42", "'42'", "1", "CAST('42' AS INTEGER)", "'a'", "u.c"});
    }
    /// A compound's columns have the affinity of one part and the values of all.
    [[nodiscard]] std::string compound() {
        const std::string values = "(SELECT " +
                                   pick({"i", "x", "s", "CAST(p AS NUMERIC)", "'042'"}) +
                                   " AS v FROM t " + pick({"UNION", "UNION ALL"}) + " SELECT " +
                                   pick({"'042'", "'42.0'", "42", "'1'", "s"}) + " FROM t)";
        return "SELECT count(*), min(t.name) FROM " + values + " AS c JOIN t ON t." + column() +
               " = c.v";
    }
    [[nodiscard]] Statements ordered() {
        return chosen_first("SELECT name, a, x", where(),
                            " ORDER BY " + column() + pick({"", " DESC"}) + ", name LIMIT 7");
    }

    testing::Random random_;
};

class DifferentialTest : public SqlTest {
protected:
    DifferentialTest() {
        static const std::vector<std::string> values{"null",
                                                     "true",
                                                     "false",
                                                     "0",
                                                     "-0.0",
                                                     "1",
                                                     "1.0",
                                                     "2.5",
                                                     "42",
                                                     "42.0",
                                                     "\"42\"",
                                                     "\"042\"",
                                                     "\"42.0\"",
                                                     "\" 42\"",
                                                     "\"1\"",
                                                     "\"a\"",
                                                     "\"A\"",
                                                     "\"a \"",
                                                     "\"\"",
                                                     "[1]",
                                                     "\"[1]\"",
                                                     "{\"k\":1}",
                                                     "9007199254740991",
                                                     "9007199254740992",
                                                     "9007199254740992.0",
                                                     "9007199254740993",
                                                     "-9007199254740993",
                                                     "9223372036854775807",
                                                     "9223372036854775808",
                                                     "18446744073709551615",
                                                     "1e300"};
        static const std::vector<std::string> levels{"1", "01", "42", "042", "42.0", "a", "A"};
        testing::Random random(choice_, 1);
        const auto pick = [&](const std::vector<std::string>& from) {
            return from[random.below(from.size())];
        };
        for (int i = 0; i < 120; ++i) {
            std::string json = "{";
            if (!random.one_in(10)) json += "\"a\":" + pick(values);
            if (random.one_in(2)) json += (json.size() > 1 ? ",\"b\":" : "\"b\":") + pick(values);
            put("r/" + pick(levels) + "/" + std::to_string(i), json + "}");
        }
        for (int i = 0; i < 25; ++i) {
            put("u/" + pick(levels) + std::to_string(i % 3),
                "{\"c\":" + pick(values) + ",\"d\":" + pick(values) + "}");
        }
    }

    void add_indexes() {
        client_.add_index("r/*/*", "/a").value();
        client_.add_index("r/*/*", "/b").value();
        ASSERT_TRUE(testing::eventually([&] {
            const auto indexes = client_.indexes().value();
            return std::all_of(indexes.begin(), indexes.end(), [](const IndexInfo& index) {
                return index.state == IndexInfo::State::ready;
            });
        }));
    }

    [[nodiscard]] sql::Database tables() const {
        return database(
                   {"t=r/*/*(p:1, q:2, a, i:/a INTEGER, x:/a REAL, s:/a TEXT, l:/a BOOLEAN, b)",
                    "u=u/*(k:1, c, d INTEGER)"})
            .value();
    }
    /// SQLite stores -0.0 as 0 in REAL columns. Rows without ORDER BY come in any order.
    [[nodiscard]] static std::string comparable(std::string rows, bool is_ordered) {
        if (const std::size_t error = rows.find('<'); error != std::string::npos) {
            return "<error>";
        }
        std::multiset<std::string> lines;
        std::string text;
        for (std::size_t begin = 0; begin <= rows.size();) {
            const std::size_t end = std::min(rows.find('\n', begin), rows.size());
            std::string line = "|" + rows.substr(begin, end - begin) + "|";
            for (std::size_t at = line.find("|-0|"); at != std::string::npos;
                 at = line.find("|-0|")) {
                line.erase(at + 1, 1);
            }
            if (is_ordered) text += line + '\n';
            else lines.insert(line);
            begin = end + 1;
        }
        for (const std::string& line : lines) text += line + '\n';
        return text;
    }

    /// Compares so many statements; returns how many were narrowed by an index or a lookup.
    int compare(sql::Database& database, std::uint64_t number, int count) {
        PlainCopy copy;
        copy.copy(database, "t",
                  "p TEXT, q TEXT, a, i INTEGER, x REAL, s TEXT, l BOOLEAN, b, name TEXT",
                  "p, q, a, i, x, s, l, b, name");
        copy.copy(database, "u", "k TEXT, c, d INTEGER, name TEXT", "k, c, d, name");
        StatementMaker maker(testing::Random(choice_, number));
        int narrowed = 0;
        for (int i = 0; i < count; ++i) {
            const auto [query, copied] = maker.make();
            const bool is_ordered = query.find("ORDER BY") != std::string::npos;
            const auto explained = database.explain(query);
            const std::string plan = explained ? *explained : "";
            if (plan.find(" by ") != std::string::npos) ++narrowed;
            EXPECT_EQ(comparable(rows_of(database, query), is_ordered),
                      comparable(copy.rows_of(copied), is_ordered))
                << query << "\n"
                << plan << "\nreplay with RINGSIDE_SEED=" << choice_;
            if (HasFailure()) break;
        }
        return narrowed;
    }

    const std::uint64_t choice_ = testing::choose_seed();
};

TEST_F(DifferentialTest, AStatementGivesWhatSqliteGivesWithoutIndexes) {
    auto opened = tables();
    EXPECT_GT(compare(opened, 2, 1500), 300);
}

TEST_F(DifferentialTest, AStatementGivesWhatSqliteGivesWithIndexes) {
    add_indexes();
    auto opened = tables();
    EXPECT_GT(compare(opened, 3, 1500), 300);
}

}  // namespace
}  // namespace ringside
