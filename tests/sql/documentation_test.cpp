#include "tests/sql/sql_support.hpp"

namespace ringside {
namespace {

using testing::SqlTest;

/// What docs/query.md shows works as it stands there.
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

}  // namespace
}  // namespace ringside
