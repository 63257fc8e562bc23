#include <sqlite3.h>

#include "tests/sql/sql_support.hpp"

/// The cost of joins on columns without an index, counted in steps instead of time.
namespace ringside {
namespace {

/// Returns the steps of SQLite's program in the last statement.
std::uint64_t steps = 0;

int count_steps(unsigned, void*, void* statement, void*) {
    steps = static_cast<std::uint64_t>(
        sqlite3_stmt_status(static_cast<sqlite3_stmt*>(statement), SQLITE_STMTSTATUS_VM_STEP, 1));
    return 0;
}

int count_on(sqlite3* connection, char**, const sqlite3_api_routines*) {
    return sqlite3_trace_v2(connection, SQLITE_TRACE_PROFILE, count_steps, nullptr);
}

class JoinCostTest : public testing::SqlTest {
protected:
    JoinCostTest() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(count_on)); }
    ~JoinCostTest() override {
        sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(count_on));
    }
    JoinCostTest(const JoinCostTest&) = delete;
    JoinCostTest& operator=(const JoinCostTest&) = delete;

    void put_up_to(int count) {
        for (; count_ < count; ++count_) {
            const std::string n = std::to_string(count_);
            put("a/" + n, R"({"k":)" + n + R"(,"text":")" + n + "\"}");
            put("b/" + n, R"({"k":)" + n + R"(,"text":")" + n + "\"}");
        }
    }
    [[nodiscard]] std::uint64_t steps_of(const std::string& query, const std::string& rows) const {
        EXPECT_EQ(ask(query, tables_), rows) << query;
        return steps;
    }

    const std::vector<std::string> tables_{"a=a/*(k INTEGER, text TEXT, any:/k)",
                                           "b=b/*(k INTEGER, text TEXT, any:/k)"};
    int count_ = 0;
};

TEST_F(JoinCostTest, AJoinWithoutAnIndexGrowsWithTheSumOfItsTables) {
    constexpr int few = 400;
    constexpr int many = 1600;
    const std::vector<std::string> queries{
        "SELECT count(*) FROM a JOIN b ON b.k = a.k",
        "SELECT count(*) FROM a JOIN b ON b.text = a.text",
        "SELECT count(*) FROM a JOIN b ON b.any = a.k",
        "SELECT count(*) FROM a LEFT JOIN b ON b.k = a.k",
        "SELECT count(*) FROM a, b WHERE a.k + 0 = b.k",
        "SELECT count(*) FROM a JOIN b USING (k, text)",
        "SELECT count(*) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k)",
    };
    put_up_to(few);
    std::vector<std::uint64_t> before;
    for (const std::string& query : queries) {
        EXPECT_NE(database(tables_)->explain(query).value().find("by lookup of "),
                  std::string::npos)
            << query;
        before.push_back(steps_of(query, std::to_string(few)));
    }
    put_up_to(many);
    for (std::size_t i = 0; i < queries.size(); ++i) {
        const std::uint64_t after = steps_of(queries[i], std::to_string(many));
        EXPECT_GE(before[i], static_cast<std::uint64_t>(few)) << queries[i];
        EXPECT_LT(after, 5 * before[i]) << queries[i];  // 4 times the rows; pairs would be 16 times
    }
}

TEST_F(JoinCostTest, ATableThatIsJoinedByAnExpressionLooksUpTheOther) {
    put_up_to(400);
    const std::string query =
        "SELECT count(*) FROM records r JOIN b ON b.k = r.document ->> 'k' "
        "WHERE r.name GLOB 'a/*'";
    EXPECT_NE(database(tables_)->explain(query).value().find("SCAN b by lookup of k ="),
              std::string::npos)
        << database(tables_)->explain(query).value();
    const std::uint64_t before = steps_of(query, "400");
    put_up_to(1600);
    EXPECT_LT(steps_of(query, "1600"), 5 * before);
}

}  // namespace
}  // namespace ringside
