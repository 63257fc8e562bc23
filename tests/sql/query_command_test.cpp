#include <signal.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "shm/base/limits.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/support/built_paths.hpp"

/// `ringside query` and `ringside report` as a person uses them.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::Process;
using testing::shell;

class QueryCommandTest : public CliTest {
protected:
    QueryCommandTest() {
        for (const char* put : {"put seat/1 '{\"status\":\"sold\",\"price\":20}'",
                                "put seat/2 '{\"status\":\"free\",\"price\":10.5}'",
                                "put seat/3 '{\"status\":\"a,\\\"b\\\"\"}'"}) {
            EXPECT_EQ(run(put).status, 0);
        }
    }
    static constexpr const char* table = " --table 'seats=seat/*(number:1, status, price)' ";

    [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
        const std::string path = ::testing::TempDir() + grid_.name() + name;
        std::ofstream(path) << text;
        return path;
    }
};

TEST_F(QueryCommandTest, WritesRowsInThreeFormats) {
    const std::string query = table + std::string("'SELECT * FROM seats'");
    expect("query" + query, R"({"number":"1","status":"sold","price":20})"
                            "\n"
                            R"({"number":"2","status":"free","price":10.5})"
                            "\n"
                            R"({"number":"3","status":"a,\"b\"","price":null})");
    expect("query --format csv" + query,
           "number,status,price\n1,sold,20\n2,free,10.5\n3,\"a,\"\"b\"\"\",");
    expect("query --format table" + query,
           "number  status  price\n"
           "------  ------  -----\n"
           "1       sold       20\n"
           "2       free     10.5\n"
           "3       a,\"b\"");
}

TEST_F(QueryCommandTest, WritesAnArrayOrAValuePerLine) {
    const std::string query =
        table + std::string("\"SELECT number, price FROM seats WHERE number ");
    expect("query --format json" + query + "< '3'\"",
           "[{\"number\":\"1\",\"price\":20},\n {\"number\":\"2\",\"price\":10.5}]");
    expect("query --format json" + query + "= 'no'\"", "[]");
    expect("query --format line" + query + "< '3'\"",
           "number = 1\n price = 20\n\nnumber = 2\n price = 10.5");
    expect_status("query --live --format json 'SELECT name FROM records'", 2);
}

TEST_F(QueryCommandTest, ExportWritesAFileWholeOrNotAtAll) {
    const testing::TemporaryDirectory directory;
    const auto content = [&](const std::string& name) {
        std::stringstream text;
        text << std::ifstream(directory / name).rdbuf();
        return text.str();
    };
    const std::string query = table + std::string("'SELECT number, status FROM seats' ");
    const std::string csv = "number,status\n1,sold\n2,free\n3,\"a,\"\"b\"\"\"\n";
    EXPECT_EQ(run("export" + query).output, csv);
    for (const std::string name : {"a.csv", "b"}) {
        EXPECT_EQ(
            run("export --output " + directory / name + (name == "b" ? " -f csv" : "") + query)
                .output,
            "");
        EXPECT_EQ(content(name), csv);
    }
    EXPECT_EQ(run("export --output " + directory / "a.jsonl" + query).status, 0);
    EXPECT_EQ(content("a.jsonl").find("{\"number\":\"1\",\"status\":\"sold\"}\n"), 0U);
    EXPECT_EQ(run("query --output " + directory / "a.json" + query).status, 0);
    EXPECT_EQ(content("a.json").find("[{\"number\":"), 0U);
    expect_status("export --output " + directory / "a.pdf" + query, 2);
    expect_status("export --output " + directory / "a.csv" + " 'SELECT nonsense'", 2);
    expect_status("export --limit 1 --output " + directory / "a.csv" + query, 4);
    EXPECT_EQ(content("a.csv"), csv) << "a query that fails replaces nothing";
    expect_status("export --output /no/such/directory/a.csv" + query, 4);
    expect_status("query --explain --output " + directory / "a.csv" + query, 2);
    EXPECT_EQ(testing::shell("ls " + directory.path()).output, "a.csv\na.json\na.jsonl\nb\n");
}

TEST_F(QueryCommandTest, AnInterruptedExportLeavesNothing) {
    const testing::TemporaryDirectory directory;
    const auto query = start({"export", "--output", directory / "a.csv",
                              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                              "SELECT count(*) FROM c"});
    const auto files = [&] { return testing::shell("ls " + directory.path()).output; };
    ASSERT_TRUE(testing::eventually([&] { return !files().empty(); }));
    EXPECT_NE(query->finish(SIGINT), 0);
    EXPECT_EQ(files(), "");
}

TEST_F(QueryCommandTest, ColumnsWithOneNameGetDistinctKeys) {
    expect("query \"SELECT 1 AS n, 2 AS n, 3 AS m, 4 AS n\"", R"({"n":1,"n:2":2,"m":3,"n:3":4})");
}

TEST_F(QueryCommandTest, InfiniteNumbersAreWrittenAsInf) {
    expect("query --format csv 'SELECT 1e308 * 10 AS n, -1e308 * 10 AS m'", "n,m\nInf,-Inf");
    expect("query 'SELECT 1e308 * 10 AS n, -1e308 * 10 AS m'", R"({"n":"Inf","m":"-Inf"})");
}

TEST_F(QueryCommandTest, PlaceOfAnErrorIsReported) {
    const Outcome outcome = run("query 'SELECT name\nFROM record'");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.output.find("no such table: record"), std::string::npos) << outcome.output;
    const Outcome marked = run("query 'SELECT nam FROM records'");
    EXPECT_NE(marked.output.find("line 1, column 8: no such column: nam\n"
                                 "  SELECT nam FROM records\n"
                                 "         ^\n"),
              std::string::npos)
        << marked.output;
    expect_status("query --table 't=' 'SELECT 1'", 2);
    expect_status("query --format xml 'SELECT 1'", 2);
    expect_status("query --at 999999999 'SELECT 1'", 1);
    expect_status("query 'DELETE FROM records'", 2);
    expect_status("query --tables /no/such/file 'SELECT 1'", 2);
}

TEST_F(QueryCommandTest, StopsAtItsLimits) {
    const Outcome rows = run("query --format csv --limit 2 'SELECT name FROM records'");
    EXPECT_EQ(rows.status, 4);
    EXPECT_NE(rows.output.find("seat/1\nseat/2\n"), std::string::npos) << rows.output;
    EXPECT_EQ(rows.output.find("seat/3"), std::string::npos);
    expect_status(
        "query --timeout 50ms 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM "
        "c) SELECT count(*) FROM c'",
        4);
}

TEST_F(QueryCommandTest, TakesStatementsAndTablesFromFilesAndExplains) {
    const std::string tables = file(".tables", "# seats\nseats=seat/*(number:1, status)\n\n");
    const Outcome outcome =
        shell("echo \"SELECT count(*) AS n FROM seats; -- one\nSELECT ';' AS semicolon\" | " +
              cli() + "query --tables " + tables);
    EXPECT_EQ(outcome.output, "{\"n\":3}\n{\"semicolon\":\";\"}\n");
    expect("query --explain --tables " + tables + " \"SELECT * FROM seats WHERE number = '2'\"",
           "SCAN seats by number =");
}

TEST_F(QueryCommandTest, ReadsAnOlderRevisionThatIsRetained) {
    const std::string before =
        std::to_string(number_in(run("put seat/1 '{\"price\":1}'").output, "revision"));
    ASSERT_EQ(run("put seat/1 '{\"price\":2}'").status, 0);
    const std::string query =
        " \"SELECT document ->> 'price' AS price FROM records "
        "WHERE name = 'seat/1'\"";
    expect("query --at " + before + query, R"({"price":1})");
    expect("query" + query, R"({"price":2})");
}

TEST_F(QueryCommandTest, LiveQueryPrintsTheChangesOfItsRows) {
    const std::string tables = "seats=seat/*(number:1, status, price)";
    const std::string statement =
        "SELECT status, count(*) AS n FROM seats WHERE price > 1 GROUP BY status";
    const auto lines = start({"query", "--live", "--count", "2", "--table", tables, statement});
    const auto csv = start({"query", "--live", "--format", "csv", "--count", "1", "--table", tables,
                            "SELECT number, price FROM seats WHERE status = 'sold'"});
    const auto without_revision = [](const std::string& line) {
        return line.substr(std::min(line.find(','), line.size()));
    };
    EXPECT_EQ(without_revision(lines->read_line()),
              R"(,"change":"added","row":{"status":"free","n":1}})");
    EXPECT_EQ(without_revision(lines->read_line()),
              R"(,"change":"added","row":{"status":"sold","n":1}})");
    EXPECT_EQ(without_revision(lines->read_line()), R"(,"rows":2})");
    EXPECT_EQ(csv->read_line(), "revision,change,number,price");
    EXPECT_EQ(without_revision(csv->read_line()), ",added,1,20");
    ASSERT_EQ(run("put seat/2 '{\"status\":\"sold\",\"price\":11}'").status, 0);
    std::vector<std::string> changes{without_revision(lines->read_line()),
                                     without_revision(lines->read_line())};
    std::ranges::sort(changes);
    EXPECT_EQ(changes[0], R"(,"change":"changed","row":{"status":"sold","n":2}})");
    EXPECT_EQ(changes[1], R"(,"change":"removed","row":{"status":"free","n":1}})");
    EXPECT_EQ(without_revision(csv->read_line()), ",added,2,11");
    EXPECT_EQ(lines->finish(0), 0) << lines->errors();
    EXPECT_EQ(csv->finish(0), 0);
}

TEST_F(QueryCommandTest, LiveQueryRunsUntilItIsInterrupted) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const auto query =
            start({"query", "--live", "--format", "table", "SELECT count(*) AS n FROM records"});
        EXPECT_EQ(query->read_line(), "n");
        EXPECT_EQ(query->read_line(), "-");
        EXPECT_EQ(query->read_line(), "3");
        EXPECT_EQ(query->read_line().substr(0, 9), "revision ");
        EXPECT_EQ(query->finish(signal), 0);
    }
}

TEST_F(QueryCommandTest, ALiveQueryIsWholeInOnePlaceOnATerminal) {
    const Outcome outcome =
        shell("{ for i in $(seq 4 1000); do sleep 0.1; " + cli() +
              "put seat/$i '{}' > /dev/null; done; } & writer=$!; script -qec \"" + cli() +
              "query --live --count 1 'SELECT count(*) AS n FROM records'\" /dev/null; "
              "kill $writer");
    const std::size_t again = outcome.output.find("\033[4A\033[Jn\r\n-\r\n");
    EXPECT_NE(again, std::string::npos) << outcome.output;
    EXPECT_EQ(outcome.output.find("n\r\n-\r\n"), 0U) << outcome.output;
    EXPECT_NE(outcome.output.find(", rows 1\r\n", again), std::string::npos) << outcome.output;
}

TEST_F(QueryCommandTest, ALiveQueryRefusesWhatItCannotBe) {
    const Outcome ordered = run("query --live 'SELECT name FROM records ORDER BY name'");
    EXPECT_EQ(ordered.status, 2);
    EXPECT_NE(ordered.output.find("line 1, column 26: ORDER BY is not supported in a live query"),
              std::string::npos)
        << ordered.output;
    EXPECT_NE(ordered.output.find("\n                           ^\n"), std::string::npos)
        << ordered.output;
    for (const char* other : {"--at 1", "--limit 1", "--explain", "--timeout 1s", "--lease 1s"}) {
        expect_status(std::string("query --live ") + other + " 'SELECT name FROM records'", 2);
    }
    expect_status("query --live", 2);
    expect_status("query --count 1 'SELECT name FROM records'", 2);
}

TEST_F(QueryCommandTest, ReportContainsTheRequestedSections) {
    ASSERT_EQ(run(R"(put 'seat/<b>&|' '{"status":"<script>","price":5}')").status, 0);
    const std::string report = file(".sql", R"(
-- title: Seats & more
-- table: seats=seat/*(number:1, status, price REAL)
-- text: At the top.
-- name: By status
-- text: Above the table.
-- chart: bar x=status y=n,total
SELECT status, count(*) AS n, sum(price) AS total FROM seats GROUP BY status;
-- a comment that is SQL's
-- name: None
SELECT * FROM seats WHERE number = 'no';
)");
    const Outcome markdown = run("report " + report);
    EXPECT_EQ(markdown.status, 0) << markdown.output;
    for (const char* part :
         {"# Seats &amp; more", "revision ", "At the top.", "## By status", "Above the table.",
          "<svg", "| status | n | total |", "| free | 1 | 10.5 |", "&lt;script>", "## None",
          "Nothing was found."}) {
        EXPECT_NE(markdown.output.find(part), std::string::npos) << part << markdown.output;
    }
    const std::string page = ::testing::TempDir() + grid_.name() + ".html";
    EXPECT_EQ(run("report " + report + " --output " + page).status, 0);
    const std::string html = shell("cat " + page).output;
    for (const char* part :
         {"<!DOCTYPE html>", "<title>Seats &amp; more</title>", "<td>&lt;script&gt;</td>",
          "role=\"img\"", "<th scope=\"col\" class=\"number\">n</th>", "</html>"}) {
        EXPECT_NE(html.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(html.find("<script>"), std::string::npos);
    EXPECT_EQ(markdown.output.find("<script>"), std::string::npos);
    unlink(page.c_str());
}

TEST_F(QueryCommandTest, FaultsOfAReportFileAreReported) {
    const auto error = [&](const std::string& text) {
        const Outcome outcome = run("report " + file(".sql", text));
        EXPECT_EQ(outcome.status, 2) << text;
        // After the program, the code and the code's message.
        std::size_t detail = 0;
        for (int part = 0; part < 3; ++part) detail = outcome.output.find(": ", detail) + 2;
        return outcome.output.substr(detail);
    };
    EXPECT_EQ(error(""), "line 1: no query in the file\n");
    EXPECT_EQ(error("-- name: a\n-- name: b\n"),
              "line 2: no statement after the previous '-- name:'\n");
    EXPECT_EQ(error("-- name: a\nSELECT 1"), "line 2: statement does not end with ';'\n");
    EXPECT_EQ(error("-- chart: pie x=a y=b\nSELECT 1;"),
              "line 1: unknown kind of chart; use bar or line\n");
    EXPECT_EQ(error("-- chart: bar x=a\nSELECT 1;"),
              "line 1: invalid chart; write x=COLUMN y=COLUMN[,COLUMN…]\n");
    EXPECT_EQ(error("-- name: a\n\nSELECT nonsense;"),
              "'a' (line 3 of the file): line 1, column 8: no such column: nonsense\n");
    EXPECT_EQ(error("-- name: a\n-- chart: bar x=b y=c\nSELECT 1 AS b;"),
              "'a' (line 3 of the file): chart: no column 'c' in the query\n");
}

TEST_F(QueryCommandTest, AReportHasAsManyRowsAsItMay) {
    const auto report = [&](std::uint64_t rows, const std::string& chart) {
        const std::string all = std::to_string(rows);
        return run("report " +
                   file(".sql", chart +
                                    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
                                    "FROM c LIMIT " +
                                    all + ") SELECT x FROM c;"));
    };
    EXPECT_EQ(report(limits::report_rows_default, "").status, 0);
    EXPECT_EQ(report(limits::report_rows_default + 1, "").status, 4);
    const std::string chart = "-- chart: line x=x y=x\n";
    EXPECT_EQ(report(limits::report_chart_rows_max, chart).status, 0);
    EXPECT_EQ(report(limits::report_chart_rows_max + 1, chart).status, 2);
}

TEST_F(QueryCommandTest, TheReportOfAnOnSaleHoldsAtEveryInstant) {
    const std::string report =
        std::string(built::source_directory) + "/tools/examples/onsale/report.sql";
    Process sale({built::onsale, "-g", grid_.name(), "--seconds", "3"});
    ASSERT_TRUE(
        comes_to_show("query \"SELECT count(*) AS n FROM records WHERE name GLOB "
                      "'event/*/sales'\"",
                      R"({"n":4})"));
    for (int i = 0; i < 15; ++i) {
        const Outcome page = run("report " + report);
        EXPECT_EQ(page.status, 0) << page.output;
        const std::size_t last = page.output.find("## Events whose seats and counters disagree");
        ASSERT_NE(last, std::string::npos) << page.output;
        EXPECT_NE(page.output.find("Nothing was found.", last), std::string::npos) << page.output;
        for (const char* name :
             {"Sales per section", "Revenue", "Sell-through", "Sales per minute"}) {
            EXPECT_NE(page.output.find(std::string("## ") + name), std::string::npos) << name;
        }
    }
}

}  // namespace
}  // namespace ringside
