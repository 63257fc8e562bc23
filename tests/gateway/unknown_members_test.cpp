#include "tests/gateway/gateway_test.hpp"
#include "tests/support/ws_client.hpp"

namespace ringside {
namespace {

/// A misspelt member must not turn a conditional write into an unconditional one.
class GatewayUnknown : public testing::GatewayTest {
protected:
    [[nodiscard]] std::string stored() const { return to_json(client_.get("a")->document()); }
};

TEST_F(GatewayUnknown, MembersOfTransactionsAreRefused) {
    client_.put("a", R"({"n":1})").value();
    for (const std::string write :
         {R"({"op":"put","name":"a","document":2,"ifabsent":true})",
          R"({"op":"put","name":"a","document":2,"If_absent":true})",
          R"({"op":"put","name":"a","document":2,"if_verison":7})",
          R"({"op":"put","name":"a","document":2,"ttl":7})",
          R"({"op":"put","name":"a","document":2,"pointer":"/n"})",
          R"({"op":"put","name":"a","document":2,"durable":false})",
          R"({"op":"put","name":"a","document":2,"":1})",
          R"({"op":"patch","name":"a","pointer":"/n","value":2,"document":3})",
          R"({"op":"merge","name":"a","document":2,"patch":[]})",
          R"({"op":"json_patch","name":"a","patch":[],"value":2})",
          R"({"op":"remove","name":"a","if_revisoin":7})",
          R"({"op":"remove","name":"a","document":7})", R"({"op":"remove","name":"a","ttl_ms":7})",
          R"({"op":"publish","subject":"a","document":1,"name":"a"})",
          R"({"op":"publish","subject":"a","document":1,"ttl_ms":1})", R"("put")", "[]", "null"}) {
        const auto refused = http_.post("/v1/transactions", R"({"writes":[)" + write + "]}");
        expect_problem(refused, 400, "bad_request");
        EXPECT_EQ(member(refused, "write"), "0") << write;
    }
    const std::string good = R"("writes":[{"op":"put","name":"a","document":2}])";
    for (const std::string& body :
         {"{" + good + R"(,"durabel":true})", "{" + good + R"(,"if_version":1})",
          "{" + good + R"(,"Writes":[]})", std::string("[]"), std::string("1")}) {
        expect_problem(http_.post("/v1/transactions", body), 400, "bad_request");
    }
    EXPECT_EQ(stored(), R"({"n":1})");
}

TEST_F(GatewayUnknown, ParametersAreRefused) {
    client_.put("a", "1").value();
    const std::string write = R"({"writes":[{"op":"put","name":"a","document":2}]})";
    for (const auto& [target, body] : std::vector<std::pair<std::string, std::string>>{
             {"/v1/transactions?durable=true", write},
             {"/v1/events/a?x=1", "1"},
             {"/v1/rpc/a?timeout=1", "1"},
             {"/v1/query?limit=1", R"({"sql":"SELECT 1"})"}}) {
        expect_problem(http_.post(target, body), 400, "bad_parameter");
    }
    for (const std::string target :
         {"/v1/records/a?ifabsent=true", "/v1/records/a?durable=true&durable=false",
          "/v1/records/a?if_version=1&if_version=2", "/v1/records/a?name=b"}) {
        expect_problem(http_.put(target, "2"), 400, "bad_parameter");
    }
    expect_problem(http_.remove("/v1/records/a?if_absent=true"), 400, "bad_parameter");
    expect_problem(http_.remove("/v1/records/a?ttl_ms=5"), 400, "bad_parameter");
    for (const std::string target :
         {"/v1/records?limit=1&limit=2", "/v1/records/a?pointr=/a", "/v1/stats?x=1",
          "/v1/watch?patern=a", "/v1/watch?pattern=a&pattern=b"}) {
        expect_problem(http_.get(target), 400, "bad_parameter");
    }
    EXPECT_EQ(stored(), "1");
}

TEST_F(GatewayUnknown, MembersOfQueriesAreRefused) {
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1","limits":1})"), 400, "bad_request");
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1","table":[]})"), 400, "bad_request");
    EXPECT_EQ(http_.post("/v1/query", R"({"sql":"SELECT 1","limit":1})").status, 200);
}

TEST_F(GatewayUnknown, MembersOfWebSocketRequestsAreRefused) {
    client_.put("a", "1").value();
    testing::WsClient ws(gateway_.port());
    for (const std::string request :
         {R"("op":"put","name":"a","document":2,"ifabsent":true)",
          R"("op":"put","name":"a","document":2,"durabel":true)",
          R"("op":"merge","name":"a","document":2,"if_vers":1)",
          R"("op":"patch","name":"a","pointer":"","value":2,"if":1)",
          R"("op":"json_patch","name":"a","patch":[],"ttl":1)",
          R"("op":"remove","name":"a","ifversion":1)", R"("op":"get","name":"a","point":"/a")",
          R"("op":"commit","writes":[{"op":"put","name":"a","document":2}],"durabel":true)",
          R"("op":"commit","writes":[{"op":"put","name":"a","document":2,"ifabsent":true}])",
          R"("op":"publish","subject":"a","document":2,"x":1)",
          R"("op":"call","name":"a","document":2,"timeout":1)",
          R"("op":"watch","pattern":"a","intial":true)", R"("op":"unwatch","watch":1,"x":1)",
          R"("op":"provide","pattern":"a","x":1)", R"("op":"answer","call":1,"documnet":1)",
          R"("op":"withdraw","provider":1,"x":1)", R"("op":"ping","x":1)"}) {
        const std::string answered = ws.ask(R"({"id":1,)" + request + "}");
        EXPECT_NE(answered.find(R"("status":400)"), std::string::npos) << request << answered;
        EXPECT_NE(answered.find("unknown member"), std::string::npos) << request << answered;
    }
    EXPECT_EQ(stored(), "1");
}

}  // namespace
}  // namespace ringside
