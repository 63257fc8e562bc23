#include <pthread.h>
#include <time.h>

#include <thread>

#include "tests/sql/sql_support.hpp"

/// What ends a query, and what one query sees while others write.
namespace ringside {
namespace {

using testing::eventually;
using testing::SqlTest;
using testing::text_of;

constexpr const char* endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";

class LimitsTest : public SqlTest {
protected:
    [[nodiscard]] sql::Database open(const sql::Options& options) const {
        return sql::Database::open(client_.snapshot().value(), options).value();
    }
    static std::string repeated(const std::string& text, std::size_t count) {
        std::string all;
        for (std::size_t i = 0; i < count; ++i) all += text;
        return all;
    }
};

TEST_F(LimitsTest, TimeEndsAQueryWhateverItDoes) {
    for (int i = 0; i < 300; ++i) put("a/" + std::to_string(i), "{}");
    for (const std::string& query :
         {std::string(endless), std::string("SELECT count(*) FROM records a, records b, records c, "
                                            "records d WHERE a.version + d.version = 0")}) {
        auto database = open({.time_limit = std::chrono::milliseconds(500)});
        EXPECT_EQ(rows_of(database, query), "<query_timed_out>");
        // The next one has its own time limit, which may also be exceeded if nothing runs for so
        // long.
        EXPECT_TRUE(eventually([&] { return rows_of(database, "SELECT 1") == "1"; }));
    }
}

TEST_F(LimitsTest, RowLimitEndsAQuery) {
    for (int i = 0; i < 5; ++i) put("a/" + std::to_string(i), "{}");
    auto database = open({.row_limit = 2});
    EXPECT_EQ(rows_of(database, "SELECT name FROM records"), "'a/0'\n'a/1'<query_too_large>");
    EXPECT_EQ(rows_of(database, "SELECT name FROM records LIMIT 2"), "'a/0'\n'a/1'");
}

TEST_F(LimitsTest, MemoryEndsAQuery) {
    EXPECT_EQ(ask("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 4000) "
                  "SELECT x FROM c ORDER BY hex(zeroblob(250000)) || x"),
              "<query_too_large>");
    EXPECT_EQ(
        ask("SELECT hex(zeroblob(" + std::to_string(limits::sql_value_bytes_max / 2 + 1) + "))"),
        "<query_too_large>");
}

TEST_F(LimitsTest, StatementsAndDeclarationsAreBounded) {
    const std::string spaces(limits::sql_bytes_max, ' ');
    EXPECT_EQ(ask("SELECT 1" + spaces), "<bad_query>");
    EXPECT_EQ(ask("SELECT " + repeated("1+(", limits::sql_depth_max) + "1" +
                  repeated(")", limits::sql_depth_max)),
              "<bad_query>");
    EXPECT_EQ(ask("SELECT 1" + repeated(" UNION ALL SELECT 1", limits::sql_selects_max)),
              "<bad_query>");
    EXPECT_EQ(database(std::vector<std::string>(limits::sql_tables_max + 1, "t=a/*")).error(),
              Errc::bad_configuration);
    std::string columns = "c";
    for (std::size_t i = 0; i < limits::sql_columns_max; ++i) {
        columns += ",c" + std::to_string(i);
    }
    EXPECT_EQ(database({"t=a/*(" + columns + ")"}).error(), Errc::bad_configuration);
}

TEST_F(LimitsTest, AnInterruptEndsAQueryOfAnotherThread) {
    auto database = open({.time_limit = testing::never});
    clockid_t work{};
    ASSERT_EQ(pthread_getcpuclockid(pthread_self(), &work), 0);
    const auto worked_ns = [work] {
        timespec time{};
        clock_gettime(work, &time);
        return time.tv_sec * 1'000'000'000 + time.tv_nsec;
    };
    std::thread other([&, before = worked_ns()] {
        EXPECT_TRUE(eventually([&] { return worked_ns() > before + 5'000'000; }));
        database.interrupt();
    });
    EXPECT_EQ(rows_of(database, endless), "<query_interrupted>");
    other.join();
    EXPECT_EQ(rows_of(database, "SELECT 1"), "<query_interrupted>");
    database.resume();
    EXPECT_EQ(rows_of(database, "SELECT 1"), "1");
}

TEST(Sql, ASnapshotThatIsRevokedEndsTheQueryWithAnError) {
    const testing::TestGrid grid({"--memory", "16MiB", "--ring-entries", "1024"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const std::string json = R"({"n":1,"text":")" + std::string(1500, 'x') + R"("})";
    for (int i = 0; i < 300; ++i) client.put("a/" + std::to_string(i), json).value();
    auto database = sql::Database::open(client.snapshot().value(), {.tables = {"t=a/*(n, text)"},
                                                                    .time_limit = testing::never})
                        .value();
    auto begun = database.query("SELECT name, n FROM t").value();
    auto grouped = database.query("SELECT n, text, document FROM t GROUP BY name, n").value();
    ASSERT_TRUE(begun.next().value());
    ASSERT_TRUE(grouped.next().value());
    // Memory is short because of the snapshot: the memory of its versions is reused.
    for (int i = 0; i < 60'000; ++i) client.put("a/" + std::to_string(i % 100), json).value();

    for (auto* statement : {&begun, &grouped}) {
        auto row = statement->next();
        while (row && *row) row = statement->next();
        ASSERT_FALSE(row);
        EXPECT_EQ(row.error(), Errc::snapshot_expired);
    }
    for (const char* query :
         {"SELECT 1", "SELECT count(*) FROM t", "SELECT n, count(*) FROM t GROUP BY n",
          "SELECT n FROM t WHERE name = 'a/1'", "SELECT max(document ->> 'text') FROM records"}) {
        auto statement = database.query(query).value();
        auto row = statement.next();
        while (row && *row) row = statement.next();
        ASSERT_FALSE(row) << query;
        EXPECT_EQ(row.error(), Errc::snapshot_expired) << query;
    }
}

TEST_F(LimitsTest, AQuerySeesOneInstantWhileThreadsWrite) {
    constexpr int accounts = 50;
    for (int i = 0; i < accounts; ++i) put("account/" + std::to_string(i), R"({"balance":100})");
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        Client own = Client::attach({.grid = grid_.name()}).value();
        for (int i = 0; !stop; ++i) {
            const auto name = [](int n) { return "account/" + std::to_string(n % accounts); };
            const auto from =
                own.get_value<std::int64_t>(name(i), JsonPointer::parse("/balance").value());
            const auto to =
                own.get_value<std::int64_t>(name(i + 7), JsonPointer::parse("/balance").value());
            Transaction transaction;
            transaction.patch(name(i), "/balance", std::to_string(*from - 1)).value();
            transaction.patch(name(i + 7), "/balance", std::to_string(*to + 1)).value();
            own.commit(transaction).value();
        }
    });
    for (int i = 0; i < 200; ++i) {
        auto database = this->database({"account=account/*(balance INTEGER)"}).value();
        EXPECT_EQ(rows_of(database, "SELECT sum(balance), count(*) FROM account"), "5000|50");
        EXPECT_EQ(
            rows_of(database,
                    "SELECT sum(balance * n) FROM (SELECT balance, count(*) AS n FROM account "
                    "GROUP BY balance)"),
            "5000");
        EXPECT_EQ(rows_of(database,
                          "SELECT sum(document ->> 'balance') FROM records "
                          "WHERE name GLOB 'account/*'"),
                  "5000");
    }
    stop = true;
    writer.join();
}

}  // namespace
}  // namespace ringside
