#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::HttpResponse;

class GatewayTransactions : public testing::GatewayTest {
protected:
    HttpResponse commit(const std::string& writes) {
        return http_.post("/v1/transactions", R"({"writes":[)" + writes + "]}");
    }
    [[nodiscard]] std::string stored(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? to_json(record->document()) : std::string("none");
    }
};

TEST_F(GatewayTransactions, AllKindsOfWritesAreOneRevision) {
    client_.put("b", R"({"n":1})").value();
    client_.put("d", R"({"n":1,"m":2})").value();
    client_.put("e", "1").value();
    auto events = client_.subscribe("sold/*").value();
    const auto done =
        commit(R"({"op":"put","name":"a","document":{"n":1},"if_absent":true,"ttl_ms":600000},)"
               R"({"op":"patch","name":"b","pointer":"/n","value":2,"if_version":1},)"
               R"({"op":"merge","name":"c","document":{"n":3}},)"
               R"({"op":"json_patch","name":"d","patch":[{"op":"remove","path":"/n"}]},)"
               R"({"op":"remove","name":"e"},)"
               R"({"op":"publish","subject":"sold/42","document":{"seat":"A12"}})");
    ASSERT_EQ(done.status, 200) << done.body;
    const auto revision = client_.get("a")->revision();
    EXPECT_EQ(member(done, "revision"), std::to_string(revision));
    EXPECT_THAT(member(done, "versions"), ::testing::StartsWith("[1,2,1,2,"));
    EXPECT_THAT(member(done, "versions"), ::testing::EndsWith(",0]"));
    EXPECT_EQ(stored("b") + stored("c") + stored("d") + stored("e"),
              R"({"n":2}{"n":3}{"m":2}none)");
    EXPECT_GT(client_.get("a")->expires_ms(), 0U);
    EXPECT_EQ(client_.get("c")->revision(), revision);
    const auto event = events.next(testing::soon);
    ASSERT_TRUE(event);
    EXPECT_EQ(to_json(event->record.document()), R"({"seat":"A12"})");
}

TEST_F(GatewayTransactions, AConditionThatDoesNotHoldChangesNothingAndIsNamed) {
    client_.put("b", "1").value();
    const std::string revision = std::to_string(client_.get("b")->revision());
    for (const std::string condition :
         {R"("if_version":7)", R"("if_absent":true)", R"("if_revision":1000000)"}) {
        const auto refused = commit(R"({"op":"put","name":"a","document":1},)"
                                    R"({"op":"put","name":"b","document":2,)" +
                                    condition + "}");
        expect_problem(refused, 412, "condition_failed");
        EXPECT_THAT(member(refused, "detail"), HasSubstr("write 1 (b)")) << condition;
        EXPECT_EQ(stored("a") + stored("b"), "none1") << condition;
    }
    EXPECT_EQ(
        commit(R"({"op":"put","name":"b","document":2,"if_revision":)" + revision + "}").status,
        200);
}

TEST_F(GatewayTransactions, AWriteThatIsRefusedIsNamedByItsPlace) {
    client_.put("c", "1").value();
    struct Case {
        const char* write;
        unsigned status;
        const char* code;
    };
    for (const Case& one : std::vector<Case>{
             {R"({"op":"fly","name":"b"})", 400, "bad_request"},
             {R"({"name":"b","document":1})", 400, "bad_request"},
             {R"({"op":"put","document":1})", 400, "bad_request"},
             {R"({"op":"put","name":"b"})", 400, "bad_request"},
             {R"({"op":"put","name":7,"document":1})", 400, "bad_request"},
             {R"({"op":"put","name":"b//c","document":1})", 400, "bad_name"},
             {R"({"op":"put","name":"b","document":1,"if_version":"7"})", 400, "bad_request"},
             {R"({"op":"put","name":"b","document":1,"if_version":1,"if_absent":true})", 400,
              "bad_request"},
             {R"({"op":"put","name":"b","document":1,"ttl_ms":0})", 400, "bad_ttl"},
             {R"({"op":"patch","name":"b","value":1})", 400, "bad_request"},
             {R"({"op":"patch","name":"b","pointer":"x","value":1})", 400, "bad_pointer"},
             {R"({"op":"json_patch","name":"c","patch":{}})", 400, "bad_patch"},
             {R"({"op":"publish","name":"b","document":1})", 400, "bad_request"},
             {R"(7)", 400, "bad_request"},
             {R"(null)", 400, "bad_request"}}) {
        const auto refused =
            commit(R"({"op":"put","name":"a","document":1},)" + std::string(one.write));
        expect_problem(refused, one.status, one.code);
        EXPECT_THAT(member(refused, "detail"), HasSubstr("write 1")) << one.write;
        EXPECT_EQ(stored("a"), "none") << one.write;
    }
}

TEST_F(GatewayTransactions, AWriteThatTheGridRefusesIsNamedByItsPlace) {
    client_.put("b", R"({"n":1})").value();
    for (const auto& [write, status] : std::vector<std::pair<std::string, unsigned>>{
             {R"({"op":"patch","name":"b","pointer":"/x/y","value":1})", 409},
             {R"({"op":"json_patch","name":"b","patch":[{"op":"test","path":"/n","value":2}]})",
              409},
             {R"({"op":"patch","name":"none","pointer":"/n","value":1})", 404},
             {R"({"op":"remove","name":"none"})", 404},
             {R"({"op":"put","name":"b","document":2,"if_version":9})", 412}}) {
        const auto refused = commit(R"({"op":"put","name":"a","document":1},)" + write);
        EXPECT_EQ(refused.status, status) << refused.body;
        EXPECT_THAT(member(refused, "detail"), HasSubstr("write 1 (")) << refused.body;
        EXPECT_EQ(stored("a"), "none");
    }
}

TEST_F(GatewayTransactions, InvalidListOfWritesIsRefused) {
    for (const std::string body :
         {"[]", "7", "{}", R"({"writes":{}})", R"({"writes":[]})", R"({"writes":7})",
          R"({"writes":null})",
          R"({"writes":[{"op":"put","name":"a","document":1}],"durable":1})"}) {
        expect_problem(http_.post("/v1/transactions", body), 400, "bad_request");
    }
    expect_problem(http_.post("/v1/transactions", "{"), 400, "bad_json");
    expect_problem(http_.get("/v1/transactions"), 405, "method_not_allowed");
    EXPECT_EQ(stored("a"), "none");
}

class GatewayQuery : public testing::GatewayTest {
protected:
    GatewayQuery() {
        client_.put("seat/1", R"({"price":10,"row":"A"})").value();
        client_.put("seat/2", R"({"price":20,"row":"B, \"left\""})").value();
    }
    HttpResponse ask(const std::string& sql, const std::string& more = "",
                     const testing::HttpHeaders& headers = {}) {
        return http_.post("/v1/query",
                          R"({"sql":")" + sql +
                              R"-(","tables":["seats=seat/*(id:1, price INTEGER, row TEXT)"])-" +
                              more + "}",
                          headers);
    }
    static constexpr const char* all = "SELECT price, row FROM seats ORDER BY price";
};

TEST_F(GatewayQuery, AnswersWithColumnsAndRows) {
    const auto answer = ask(all);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(member(answer, "columns"), R"(["price","row"])");
    EXPECT_EQ(member(answer, "rows"), R"([[10,"A"],[20,"B, \"left\""]])");
    EXPECT_EQ(member(answer, "revision"), std::to_string(client_.get("seat/2")->revision()));
}

TEST_F(GatewayQuery, AnswersInTheFormatThatIsAccepted) {
    const auto csv = ask(all, "", {{"Accept", "text/csv"}});
    EXPECT_THAT(csv.header("Content-Type"), HasSubstr("text/csv"));
    EXPECT_EQ(csv.body, "price,row\r\n10,A\r\n20,\"B, \"\"left\"\"\"\r\n");
    const auto lines = ask(all, "", {{"Accept", "application/x-ndjson"}});
    EXPECT_EQ(lines.header("Content-Type"), "application/x-ndjson");
    EXPECT_EQ(lines.body,
              "{\"price\":10,\"row\":\"A\"}\n{\"price\":20,\"row\":\"B, \\\"left\\\"\"}\n");
}

TEST_F(GatewayQuery, AsksOfAnInstantAndWithALimit) {
    const auto before = std::to_string(client_.get("seat/2")->revision());
    client_.remove("seat/1").value();
    EXPECT_EQ(member(ask("SELECT count(*) FROM seats"), "rows"), "[[1]]");
    EXPECT_EQ(member(ask("SELECT count(*) FROM seats", R"(,"revision":)" + before), "rows"),
              "[[2]]");
    expect_problem(ask(all, R"(,"revision":999999)"), 400, "future_revision");
    expect_problem(ask(all, R"(,"revision":)" + before + R"(,"limit":1)"), 413, "query_too_large");
}

TEST_F(GatewayQuery, BadQuestionsAreRefused) {
    for (const char* sql : {"SELEC 1", "SELECT nothing FROM seats", "SELECT 1 FROM nowhere",
                            "DROP TABLE seats", "", "SELECT 1; SELECT 2"}) {
        const auto refused = ask(sql);
        EXPECT_EQ(refused.status, 400) << sql << refused.body;
        EXPECT_EQ(refused.header("Content-Type"), "application/problem+json");
    }
    expect_problem(http_.post("/v1/query", "{}"), 400, "bad_request");
    expect_problem(http_.post("/v1/query", R"({"sql":7})"), 400, "bad_request");
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1","tables":7})"), 400, "bad_request");
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1","tables":[7]})"), 400,
                   "bad_request");
    expect_problem(http_.post("/v1/query", "SELECT 1"), 400, "bad_json");
    expect_problem(http_.put("/v1/query", "1"), 405, "method_not_allowed");
}

}  // namespace
}  // namespace ringside
