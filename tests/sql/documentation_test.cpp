#include "ringside/sql_live.hpp"
#include "tests/sql/sql_support.hpp"

namespace ringside {
namespace {

using testing::SqlTest;

/// The example of docs/query.md works unchanged.
TEST_F(SqlTest, TheExampleOfTheDocumentationWorks) {
    put("event/42/seat/1", R"({"status":"sold","price":20})");
    put("event/42/seat/2", R"({"status":"free","price":30})");
    const Client& client = client_;
    auto database =
        sql::Database::open(
            client.snapshot().value(),
            {.tables = {"seats=event/*/seat/*(event:1, seat:3, status, price INTEGER)"}})
            .value();
    auto statement = database
                         .query(
                             "SELECT status, count(*), sum(price) FROM seats "
                             "WHERE event = '42' GROUP BY status ORDER BY status")
                         .value();
    std::string printed;
    while (auto row = statement.next().value()) {
        printed += std::get<std::string_view>((*row)[0]);
        printed += ' ' + std::to_string(std::get<std::int64_t>((*row)[1])) + '\n';
    }
    EXPECT_EQ(printed, "free 1\nsold 1\n");
}

TEST_F(SqlTest, TheLiveExampleOfTheDocumentationWorks) {
    put("event/42/main/seat/1", R"({"section":"A","status":"sold","price":20})");
    put("event/42/main/seat/2", R"({"section":"A","status":"free","price":30})");
    const LiveQuery sales =
        client_
            .live_query(
                sql::live_query_spec("SELECT section, count(*), sum(price) FROM seats "
                                     "WHERE status = 'sold' GROUP BY section",
                                     {.tables = {"seats=event/*/*/seat/*(event:1, section, status, "
                                                 "price INTEGER)"}})
                    .value())
            .value();
    const Rows rows = sales.rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0][0].as_string(), "A");
    EXPECT_EQ(rows[0][2].as_int64(), 20);
}

}  // namespace
}  // namespace ringside
