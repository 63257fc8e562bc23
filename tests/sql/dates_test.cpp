#include <cstdlib>

#include "tests/sql/sql_support.hpp"

/// The recipes of docs/query.md for `updated`, in ms since 1970, with SQLite's own date functions.
namespace ringside {
namespace {

class DatesTest : public testing::SqlTest {
protected:
    /// An expression over an `updated` of 2026-03-28 23:30:05.250 UTC, a Saturday.
    [[nodiscard]] std::string at(const std::string& expression) const {
        return ask("SELECT " + expression + " FROM (SELECT 1774740605250 AS updated)");
    }
};

TEST_F(DatesTest, ATimeInMillisecondsBecomesADate) {
    EXPECT_EQ(at("date(updated / 1000, 'unixepoch')"), "'2026-03-28'");
    EXPECT_EQ(at("datetime(updated / 1000, 'unixepoch')"), "'2026-03-28 23:30:05'");
    EXPECT_EQ(at("strftime('%Y-%m-%dT%H:%M:%fZ', updated / 1000.0, 'unixepoch')"),
              "'2026-03-28T23:30:05.250Z'");
    EXPECT_EQ(at("strftime('%w %j', updated / 1000, 'unixepoch')"), "'6 087'");
}

TEST_F(DatesTest, TimesAreGroupedByMinuteHourDayAndMonth) {
    EXPECT_EQ(at("strftime('%Y-%m-%d %H:%M', updated / 1000, 'unixepoch')"), "'2026-03-28 23:30'");
    EXPECT_EQ(at("strftime('%Y-%m-%d %H:00', updated / 1000, 'unixepoch')"), "'2026-03-28 23:00'");
    EXPECT_EQ(at("datetime(updated / 300000 * 300, 'unixepoch')"), "'2026-03-28 23:30:00'");
    EXPECT_EQ(at("date(updated / 1000, 'unixepoch', 'start of month')"), "'2026-03-01'");
    EXPECT_EQ(at("date(updated / 1000, 'unixepoch', 'weekday 0', '-6 days')"), "'2026-03-23'");
}

TEST_F(DatesTest, TimesAreShownInAFixedOffsetOrInTheZoneOfTheProcess) {
    EXPECT_EQ(at("datetime(updated / 1000, 'unixepoch', '+05:30')"), "'2026-03-29 05:00:05'");
    const char* before = std::getenv("TZ");
    const std::string kept = before == nullptr ? "" : before;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);  // of Berlin, without tzdata
    tzset();
    EXPECT_EQ(at("datetime(updated / 1000, 'unixepoch', 'localtime')"), "'2026-03-29 00:30:05'");
    // Summer time begins within the next two hours.
    EXPECT_EQ(at("datetime(updated / 1000 + 7200, 'unixepoch', 'localtime')"),
              "'2026-03-29 03:30:05'");
    if (before == nullptr) unsetenv("TZ");
    else setenv("TZ", kept.c_str(), 1);
    tzset();
}

TEST_F(DatesTest, ADateIsABoundOfUpdated) {
    put("a", "1");
    EXPECT_EQ(ask("SELECT name FROM records WHERE updated >= unixepoch('2020-01-01') * 1000 AND "
                  "updated > (unixepoch('now') - 86400) * 1000"),
              "'a'");
    EXPECT_EQ(ask("SELECT name FROM records WHERE updated < unixepoch('now', '-1 day') * 1000"),
              "");
}

}  // namespace
}  // namespace ringside
