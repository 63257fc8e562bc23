#include <algorithm>
#include <fstream>
#include <regex>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// Charts of `ringside report`, checked through their SVG text.
namespace ringside {
namespace {

class ReportChartTest : public testing::CliTest {
protected:
    /// The wide chart of a query, as it is in Markdown.
    [[nodiscard]] std::string chart(const std::string& spec, const std::string& query) const {
        const std::string file = directory_ / "report.sql";
        std::ofstream(file) << "-- name: N\n-- chart: " << spec << "\n" << query << ";\n";
        const testing::Outcome outcome = run("report " + file);
        EXPECT_EQ(outcome.status, 0) << outcome.output;
        const std::size_t begin = outcome.output.find("<svg");
        return outcome.output.substr(begin, outcome.output.find("</svg>") - begin);
    }
    /// The contents of all matches of a pattern's group, joined by `|`.
    static std::string all(const std::string& svg, const std::string& pattern) {
        std::string found;
        const std::regex expression(pattern);
        for (std::sregex_iterator at(svg.begin(), svg.end(), expression), end; at != end; ++at) {
            found += (found.empty() ? "" : "|") + (*at)[1].str();
        }
        return found;
    }
    static std::string x_labels(const std::string& svg) {
        return all(svg, R"re(text-anchor="middle">([^<]*)<)re");
    }
    static std::string y_labels(const std::string& svg) {
        return all(svg, R"re(text-anchor="end">([^<]*)<)re");
    }

    testing::TemporaryDirectory directory_;
};

TEST_F(ReportChartTest, TicksHaveThousandsSeparators) {
    EXPECT_EQ(y_labels(chart("bar x=a y=n", "SELECT 'a' AS a, 48000 AS n")),
              "0|10,000|20,000|30,000|40,000|50,000");
    EXPECT_EQ(y_labels(chart("bar x=a y=n", "SELECT 'a' AS a, 1850 AS n")), "0|500|1000|1500|2000");
    EXPECT_EQ(y_labels(chart("bar x=a y=n", "SELECT 'a' AS a, 48e6 AS n")),
              "0|10M|20M|30M|40M|50M");
    EXPECT_EQ(y_labels(chart("bar x=a y=n",
                             "SELECT 'a' AS a, -0.3 AS n UNION ALL "
                             "SELECT 'b', 0.45")),
              "-0.4|-0.2|0.0|0.2|0.4|0.6");
    EXPECT_EQ(y_labels(chart("bar x=a y=n", "SELECT 'a' AS a, 2 AS n")), "0|1|2");
    EXPECT_NE(chart("bar x=a y=n", "SELECT 'a' AS a, 1234567.5 AS n").find("a: n 1,234,567.5<"),
              std::string::npos);
}

TEST_F(ReportChartTest, ALineOverNumbersHasAnAxisToScale) {
    const std::string svg = chart(
        "line x=x y=y",
        "WITH p(x, y) AS (VALUES (0, 1), (100000, 2), (20000, 3), (50000, 4)) SELECT * FROM p");
    EXPECT_EQ(x_labels(svg), "x|0|20,000|40,000|60,000|80,000|100,000");
    // From left to right, whatever the order of the rows.
    const std::string path = all(svg, R"re(path d="([^"]*)")re");
    const std::string places = all(path, R"re([ML]([0-9.]+) )re");
    std::vector<double> xs;
    for (std::size_t at = 0; at < places.size();
         at = std::min(places.find('|', at), places.size()) + 1) {
        xs.push_back(std::stod(places.substr(at)));
    }
    ASSERT_EQ(xs.size(), 4U) << path;
    EXPECT_TRUE(std::ranges::is_sorted(xs));
    EXPECT_NEAR((xs[1] - xs[0]) / (xs[3] - xs[0]), 0.2, 0.01);
    EXPECT_NEAR((xs[2] - xs[0]) / (xs[3] - xs[0]), 0.5, 0.01);
    EXPECT_EQ(x_labels(chart("line x=x y=y",
                             "WITH p(x, y) AS (VALUES (2020, 1), (2026, 2)) "
                             "SELECT * FROM p")),
              "x|2020|2021|2022|2023|2024|2025|2026");
    // Numbers and texts stand at equal distances.
    EXPECT_EQ(x_labels(chart("line x=x y=y", "SELECT 1 AS x, 1 AS y UNION ALL SELECT 'b', 2")),
              "x|1|b");
}

TEST_F(ReportChartTest, ALineOverTimesHasTicksAtRoundTimes) {
    const auto labels = [&](const std::string& from, const std::string& to) {
        return x_labels(chart(
            "line x=t y=y", "SELECT '" + from + "' AS t, 1 AS y UNION ALL SELECT '" + to + "', 2"));
    };
    EXPECT_EQ(labels("2026-03-28 09:50", "2026-03-28 12:10"),
              "t (28 Mar 2026)|10:00|10:30|11:00|11:30|12:00");
    EXPECT_EQ(labels("2026-03-28 18:00", "2026-03-29 06:00"),
              "t|18:00|20:00|22:00|29 Mar|02:00|04:00|06:00");
    EXPECT_EQ(labels("2026-03-28T23:59:50.500Z", "2026-03-29T00:00:10Z"),
              "t|23:59:55|29 Mar|00:00:05|00:00:10");
    EXPECT_EQ(labels("2026-03-28", "2026-04-02"), "t|28 Mar|29 Mar|30 Mar|31 Mar|1 Apr|2 Apr");
    EXPECT_EQ(labels("2026-01", "2026-06"),
              "t|Jan 2026|Feb 2026|Mar 2026|Apr 2026|May 2026|Jun 2026");
    EXPECT_EQ(labels("1961-05-01", "1999-01-01"), "t|1965|1970|1975|1980|1985|1990|1995");
    // Texts that resemble times and are not.
    EXPECT_EQ(labels("2026-02-28", "2026-02-30"), "t|2026-02-28|2026-02-30");
    EXPECT_EQ(labels("2026-03-28 09:61", "2026-03-28 09:62"), "t|2026-03… 09:61|2026-03… 09:62");
}

TEST_F(ReportChartTest, LabelsOfManyRowsDoNotTouch) {
    const std::string svg =
        chart("bar x=name y=n",
              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100) "
              "SELECT 'section ' || x AS name, x AS n FROM c");
    const std::string places =
        all(svg, R"re(x="([0-9.]+)" y="[0-9.]+" text-anchor="middle">secti)re");
    double before = -1000;
    std::size_t count = 0;
    for (std::size_t at = 0; at < places.size();
         at = std::min(places.find('|', at), places.size()) + 1) {
        const double x = std::stod(places.substr(at));
        EXPECT_GT(x - before, 45);
        before = x;
        ++count;
    }
    EXPECT_GT(count, 5U);
    EXPECT_LT(count, 15U);
}

TEST_F(ReportChartTest, APageHasEachChartForAScreenAndForAPhone) {
    const std::string file = directory_ / "report.sql";
    std::ofstream(file)
        << "-- name: N\n-- chart: bar x=a y=n,m\nSELECT 'a' AS a, 1 AS n, 2 AS m;\n";
    const std::string page = directory_ / "page.html";
    ASSERT_EQ(run("report " + file + " --output " + page).status, 0);
    const std::string html = testing::shell("cat " + page).output;
    EXPECT_NE(html.find(R"(<svg class="chart wide")"), std::string::npos);
    EXPECT_NE(html.find(R"(<svg class="chart narrow")"), std::string::npos);
    EXPECT_NE(html.find(R"(id="chart-1-title")"), std::string::npos);
    EXPECT_NE(html.find(R"(id="chart-1-narrow-title")"), std::string::npos);
}

}  // namespace
}  // namespace ringside
