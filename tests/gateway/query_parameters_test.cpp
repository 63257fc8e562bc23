#include "tests/gateway/gateway_test.hpp"

/// SQL by GET, as spreadsheets and data frames send it.
namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::HttpHeaders;
using testing::HttpResponse;
using ::testing::StartsWith;

class GatewayQueryParameters : public testing::GatewayTest {
protected:
    GatewayQueryParameters() {
        client_.put("seat/1", R"({"price":10,"row":"A"})").value();
        client_.put("seat/2", R"({"price":20,"row":"B, \"left\""})").value();
        client_.put("show/1", R"({"title":"Tosca"})").value();
    }
    HttpResponse ask(const std::string& parameters, const HttpHeaders& headers = {}) {
        return http_.get("/v1/query?" + parameters, headers);
    }
    /// `SELECT price, row FROM seats ORDER BY price`.
    static constexpr const char* all =
        "sql=SELECT%20price,%20row%20FROM%20seats%20ORDER%20BY%20price"
        "&table=seats%3Dseat/*(price%20INTEGER,%20row)";
};

TEST_F(GatewayQueryParameters, AnswerInTheFormatThatTheyName) {
    const auto json = ask(all);
    ASSERT_EQ(json.status, 200) << json.body;
    EXPECT_EQ(json.header("Content-Type"), "application/json");
    EXPECT_EQ(member(json, "rows"), R"([[10,"A"],[20,"B, \"left\""]])");
    EXPECT_EQ(json.header("Cache-Control"), "no-cache");
    EXPECT_THAT(json.header("Vary"), HasSubstr("Accept"));
    const HttpHeaders accept{{"Accept", "application/json"}};
    const auto csv = ask(std::string(all) + "&format=csv", accept);
    EXPECT_THAT(csv.header("Content-Type"), StartsWith("text/csv"));
    EXPECT_EQ(csv.body, "price,row\r\n10,A\r\n20,\"B, \"\"left\"\"\"\r\n");
    const auto lines = ask(std::string(all) + "&format=jsonl", accept);
    EXPECT_EQ(lines.header("Content-Type"), "application/x-ndjson");
    EXPECT_EQ(lines.body,
              "{\"price\":10,\"row\":\"A\"}\n{\"price\":20,\"row\":\"B, \\\"left\\\"\"}\n");
    EXPECT_THAT(ask(all, {{"Accept", "text/csv"}}).header("Content-Type"), StartsWith("text/csv"));
    const auto head = http_.request("HEAD", std::string("/v1/query?") + all);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.body, "");
}

TEST_F(GatewayQueryParameters, DeclareSeveralTables) {
    const auto joined =
        ask("sql=SELECT%20title,%20sum(price)%20FROM%20seats,%20shows"
            "&table=seats%3Dseat/*(price)&table=shows%3Dshow/*(title)");
    EXPECT_EQ(member(joined, "rows"), R"([["Tosca",30]])") << joined.body;
    std::string many = "sql=SELECT%201";
    for (std::size_t i = 0; i <= limits::sql_tables_max; ++i) {
        many += "&table=t" + std::to_string(i) + "%3Da/*";
    }
    EXPECT_EQ(ask(many).status, 400);
}

TEST_F(GatewayQueryParameters, HaveTheRulesAndLimitsOfAPost) {
    const auto before = std::to_string(client_.get("seat/2")->revision());
    client_.remove("seat/1").value();
    const std::string count =
        "sql=SELECT%20count(*)%20FROM%20records%20WHERE%20name%20GLOB%20'seat*'";
    EXPECT_EQ(member(ask(count), "rows"), "[[1]]");
    EXPECT_EQ(member(ask(count + "&revision=" + before), "rows"), "[[2]]");
    expect_problem(ask(count + "&revision=999999"), 400, "future_revision");
    expect_problem(ask("sql=SELECT%20name%20FROM%20records&limit=1"), 413, "query_too_large");
    expect_problem(ask("timeout_ms=50&sql=WITH%20RECURSIVE%20c(x)%20AS%20(SELECT%201%20UNION%20ALL"
                       "%20SELECT%20x%20FROM%20c)%20SELECT%20count(*)%20FROM%20c"),
                   504, "query_timed_out");
    for (const char* sql : {"", "SELEC%201", "DROP%20TABLE%20records", "SELECT%201;%20SELECT%202",
                            "DELETE%20FROM%20records"}) {
        expect_problem(ask(std::string("sql=") + sql), 400, "bad_query");
    }
    expect_problem(ask("sql=" + std::string(20'000, 'x')), 414, "target_too_large");
    expect_problem(http_.put("/v1/query?sql=SELECT%201", "1"), 405, "method_not_allowed");
}

TEST_F(GatewayQueryParameters, AreRefusedIfUnknownRepeatedOrInvalid) {
    expect_problem(http_.get("/v1/query"), 400, "bad_parameter");
    for (const char* parameters :
         {"limits=1", "tables=a", "sql=SELECT%202", "format=csv&format=csv", "format=xml",
          "format=", "limit=-1", "limit=x", "revision=x", "timeout_ms=0", "timeout_ms=30001"}) {
        expect_problem(ask(std::string("sql=SELECT%201&") + parameters), 400, "bad_parameter");
    }
    expect_problem(http_.post("/v1/query?sql=SELECT%201", "{}"), 400, "bad_parameter");
}

TEST_F(GatewayQueryParameters, AreRefusedWhereAPageOfAnotherOriginEmbedsThem) {
    const std::string one = "sql=SELECT%201";
    const auto from = [&](const std::string& site, const std::string& mode,
                          const std::string& destination) {
        return ask(
            one,
            {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", mode}, {"Sec-Fetch-Dest", destination}});
    };
    expect_problem(from("cross-site", "no-cors", "image"), 403, "bad_origin");
    expect_problem(from("same-site", "no-cors", "script"), 403, "bad_origin");
    expect_problem(from("cross-site", "navigate", "iframe"), 403, "bad_origin");
    expect_problem(ask(one, {{"Origin", "https://other.example"}}), 403, "bad_origin");
    EXPECT_EQ(from("cross-site", "navigate", "document").status, 200);
    EXPECT_EQ(from("same-origin", "cors", "empty").status, 200);
    EXPECT_EQ(from("none", "navigate", "document").status, 200);
}

}  // namespace
}  // namespace ringside
