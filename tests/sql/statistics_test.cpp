#include <utility>

#include "percentile_values.hpp"
#include "tests/sql/sql_support.hpp"

/// Aggregates that SQLite lacks.
namespace ringside {
namespace {

class StatisticsTest : public testing::SqlTest {
protected:
    /// An expression over a table `v` with a column `x`.
    [[nodiscard]] std::string over(const std::string& values, const std::string& expression) const {
        return ask("WITH v(x) AS (VALUES " + values + ") SELECT " + expression + " FROM v");
    }
    /// Inserts this many rows: x = 1, 2, …
    static std::string numbers(std::uint64_t count) {
        return "WITH RECURSIVE v(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM v LIMIT " +
               std::to_string(count) + ") ";
    }
};

TEST_F(StatisticsTest, PercentilesInterpolateBetweenTheNearestValues) {
    EXPECT_EQ(over("(3),(1),(2)", "median(x)"), "2");
    EXPECT_EQ(over("(4),(1),(3),(2)", "median(x), typeof(median(x))"), "2.5|'real'");
    EXPECT_EQ(over("(40),(10),(30),(20),(50)",
                   "percentile(x, 0), percentile(x, 25), percentile(x, 90), percentile(x, 100)"),
              "10|20|46|50");
    EXPECT_EQ(over("(40),(10),(30),(20),(50)", "percentile_cont(x, 0.9), percentile_cont(x, 1)"),
              "46|50");
    EXPECT_EQ(over("(40),(10),(30),(20),(50)",
                   "percentile_disc(x, 0.9), percentile_disc(x, 0), percentile_disc(x, 1)"),
              "40|10|50");
    // The distance of the values is beyond the largest double.
    EXPECT_EQ(over("(-1.7e308),(1.7e308)", "median(x)"), "0");
}

TEST_F(StatisticsTest, VariancesAreThoseOfAPopulationOrASample) {
    const std::string values = "(2),(4),(4),(4),(5),(5),(7),(9)";
    EXPECT_EQ(over(values, "var_pop(x), stddev_pop(x)"), "4|2");
    EXPECT_EQ(over(values, "round(var_samp(x), 6), round(stddev_samp(x), 6)"), "4.571429|2.13809");
    EXPECT_EQ(over(values, "variance(x) = var_samp(x), stddev(x) = stddev_samp(x)"), "1|1");
    EXPECT_EQ(over("(7)", "var_pop(x), stddev_pop(x), var_samp(x), stddev(x)"), "0|0|NULL|NULL");
    // A large mean costs no digits, and squares beyond the largest double do not overflow.
    EXPECT_EQ(
        over("(1000000000004),(1000000000007),(1000000000013),(1000000000016)", "var_samp(x)"),
        "30");
    EXPECT_EQ(over("(-1e300),(1e300)", "stddev_pop(x)"), "1e+300");
}

TEST_F(StatisticsTest, NullsAreIgnoredAndNothingGivesNull) {
    EXPECT_EQ(over("(NULL),(3),(NULL),(1)", "median(x), var_pop(x)"), "2|1");
    EXPECT_EQ(over("(NULL)", "median(x), percentile(x, 50), stddev(x), var_pop(x)"),
              "NULL|NULL|NULL|NULL");
    EXPECT_EQ(ask("SELECT median(version), stddev_pop(version) FROM records"), "NULL|NULL");
}

TEST_F(StatisticsTest, TheyGroupFilterAndSlideOverWindows) {
    for (int i = 0; i < 9; ++i) {
        put("r/" + std::to_string(i), R"({"kind":")" + std::string(i % 2 == 0 ? "a" : "b") +
                                          R"(","n":)" + std::to_string(i) + "}");
    }
    const std::vector<std::string> tables{"t=r/*(kind, n INTEGER)"};
    EXPECT_EQ(ask("SELECT kind, median(n), median(n) FILTER (WHERE n > 4), var_pop(n) FROM t "
                  "GROUP BY kind",
                  tables),
              "'a'|4|7|8\n'b'|4|6|5");
    EXPECT_EQ(ask("SELECT n, median(n) OVER w, var_pop(n) OVER w, percentile_disc(n, 0) OVER w "
                  "FROM t WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) "
                  "LIMIT 3",
                  tables),
              "0|0.5|0.25|0\n1|1|0.666666666666667|0\n2|2|0.666666666666667|1");
}

TEST_F(StatisticsTest, AWindowIsWhatItsRowsAloneGive) {
    const std::string slid =
        numbers(500) +
        ", r AS (SELECT x, (x * 7919) % 1009 AS y FROM v), "
        "s AS (SELECT x, median(y) OVER w AS m, percentile(y, 30) OVER w AS p, "
        "stddev_pop(y) OVER w AS d FROM r WINDOW w AS (ORDER BY x ROWS 99 PRECEDING)) ";
    EXPECT_EQ(ask(slid + "SELECT count(*) FROM s WHERE x > 150 AND x % 50 = 0 AND "
                         "m = (SELECT median(y) FROM r WHERE r.x BETWEEN s.x - 99 AND s.x) AND "
                         "p = (SELECT percentile(y, 30) FROM r "
                         "WHERE r.x BETWEEN s.x - 99 AND s.x) AND "
                         "abs(d - (SELECT stddev_pop(y) FROM r "
                         "WHERE r.x BETWEEN s.x - 99 AND s.x)) < 1e-9"),
              "7");
}

TEST_F(StatisticsTest, ValuesThatLeftAWindowLeaveNoError) {
    EXPECT_EQ(ask("WITH v(n, x) AS (VALUES (1, 1e10), (2, 1), (3, 2), (4, 3), (5, 4)) "
                  "SELECT group_concat(d, ' ') FROM (SELECT n, var_samp(x) OVER "
                  "(ORDER BY n ROWS 2 PRECEDING) AS d FROM v) WHERE n > 3"),
              "'1.0 1.0'");
}

TEST_F(StatisticsTest, InvalidValuesAndFractionsAreRefused) {
    for (const char* expression :
         {"median('1')", "stddev(x'01')", "median(1e308 * 10)", "var_pop(-1e308 * 10)",
          "percentile(1, 100.1)", "percentile(1, -1)", "percentile(1, NULL)",
          "percentile(1, 'half')", "percentile_cont(1, 50)", "percentile_disc(1, 1.1)",
          "percentile(1)", "median(1, 2)"}) {
        EXPECT_EQ(ask(std::string("SELECT ") + expression), "<bad_query>") << expression;
    }
    EXPECT_EQ(over("(1),(2)", "percentile(x, x)"), "<bad_query>");
    EXPECT_EQ(last_detail(), "percentile(): the second argument must be the same for all rows");
    // A window that fails frees what it has kept, too.
    EXPECT_EQ(over("(1),(2),('a')", "median(x) OVER (ORDER BY x)"), "1\n1.5<bad_query>");
}

TEST_F(StatisticsTest, KeptValuesCountTowardsTheMemoryOfTheQuery) {
    constexpr std::size_t left = 1U << 20;
    sql::Guard guard;
    ASSERT_TRUE(guard.take(limits::sql_memory_bytes_max - left));
    {
        sql::PercentileValues values(guard);
        std::size_t count = 0;
        while (count < left && values.add(1)) ++count;
        EXPECT_LE(count, left / sizeof(double));
        EXPECT_GT(count, 0U);
        ASSERT_TRUE(guard.failure());
        EXPECT_EQ(guard.failure()->code, Errc::query_too_large);
    }
    guard.begin(std::nullopt);
    EXPECT_TRUE(guard.take(left / 2)) << "what was kept has not been given back";
}

TEST_F(StatisticsTest, ACopyForAWindowCountsTowardsTheMemoryOfTheQuery) {
    constexpr std::size_t left = 1U << 20;
    constexpr std::size_t count = left / sizeof(double) / 2;
    sql::Guard guard;
    ASSERT_TRUE(guard.take(limits::sql_memory_bytes_max - left));
    sql::PercentileValues values(guard);
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(values.add(static_cast<double>(i)));
    ASSERT_TRUE(guard.take(left / 4));
    EXPECT_FALSE(std::as_const(values).at(0.5, false));
    EXPECT_EQ(guard.failure()->code, Errc::query_too_large);
    guard.begin(std::nullopt);
    guard.give_back(left / 4);
    EXPECT_EQ(std::move(values).at(0, false), 0);
}

}  // namespace
}  // namespace ringside
