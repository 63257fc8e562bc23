#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using testing::HttpHeaders;

/// Names as a parameter of the target, which proxies pass unchanged.
class GatewayNames : public testing::GatewayTest {
protected:
    /// Names that clients or proxies would change in a path, and their forms in a parameter.
    const std::vector<std::pair<std::string, std::string>> names_{
        {"a/b", "a/b"},       {"a/b", "a%2Fb"},
        {".", "."},           {"..", "%2E%2E"},
        {"a/../b", "a/../b"}, {"a b&c=d", "a%20b%26c%3Dd"},
        {"100%", "100%25"},   {"caf\xc3\xa9", "caf%C3%A9"}};
};

TEST_F(GatewayNames, ParameterNamesARecord) {
    for (const auto& [name, encoded] : names_) {
        const std::string target = "/v1/records?name=" + encoded;
        const auto made = http_.put(target, R"({"n":1})");
        ASSERT_EQ(made.status, 201) << name << made.body;
        EXPECT_EQ(to_json(client_.get(name)->document()), R"({"n":1})") << name;
        EXPECT_EQ(http_.get(made.header("Location")).body, R"({"n":1})") << name;
        EXPECT_EQ(http_.get(target + "&pointer=/n").body, "1") << name;
        EXPECT_EQ(http_.request("HEAD", target).header("ETag"), made.header("ETag"));
        EXPECT_EQ(http_
                      .put("/v1/records?pointer=/n&name=" + encoded, "2",
                           {{"If-Match", made.header("ETag")}})
                      .status,
                  200);
        EXPECT_EQ(http_
                      .request("PATCH", target, {{"Content-Type", "application/merge-patch+json"}},
                               R"({"m":3})")
                      .status,
                  200);
        EXPECT_EQ(to_json(client_.get(name)->document()), R"({"m":3,"n":2})") << name;
        expect_problem(http_.remove(target, {{"If-Match", made.header("ETag")}}), 412,
                       "condition_failed");
        EXPECT_EQ(http_.remove(target).status, 200);
        expect_problem(http_.get(target), 404, "not_found");
        EXPECT_FALSE(client_.get(name)) << name;
    }
}

TEST_F(GatewayNames, ParametersOfListsAreRefusedForARecord) {
    client_.put("a", "1").value();
    for (const std::string others : {"&pattern=b", "&limit=1", "&name=b", "&documents=false"}) {
        expect_problem(http_.get("/v1/records?name=a" + others), 400, "bad_parameter");
    }
    expect_problem(http_.get("/v1/records/a?name=a"), 400, "bad_parameter");
    expect_problem(http_.get("/v1/records?name="), 400, "bad_name");
    expect_problem(http_.get("/v1/records?name=a//b"), 400, "bad_name");
    expect_problem(http_.put("/v1/records", "1"), 405, "method_not_allowed");
    expect_problem(http_.post("/v1/records?name=a", "1"), 405, "method_not_allowed");
    EXPECT_EQ(http_.get("/v1/records?pattern=a").status, 200);
}

TEST_F(GatewayNames, ParametersNameSubjectsAndCalls) {
    auto events = client_.subscribe("a/..").value();
    EXPECT_EQ(http_.post("/v1/events?subject=a/..", "[1]").status, 200);
    const auto event = events.next(testing::soon);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->record.name(), "a/..");
    expect_problem(http_.post("/v1/rpc?name=a/..", "1"), 503, "no_provider");
    expect_problem(http_.post("/v1/events?subject=a&x=1", "1"), 400, "bad_parameter");
    expect_problem(http_.post("/v1/events/a?subject=b", "1"), 400, "bad_parameter");
    expect_problem(http_.post("/v1/rpc/a?name=b", "1"), 400, "bad_parameter");
}

}  // namespace
}  // namespace ringside
