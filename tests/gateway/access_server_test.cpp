#include "tests/gateway/configured_gateway.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside {
namespace {

using testing::ConfiguredGateway;
using ::testing::HasSubstr;
using testing::HttpHeaders;
using ::testing::Not;

class GatewayAccess : public ConfiguredGateway {
protected:
    void SetUp() override {
        for (const char* user : {"admin", "reader", "writer", "creator"}) key(user);
        configure(keys_ + R"(
[[rule]]
users = ["admin"]
actions = ["read", "write", "create", "delete", "publish", "subscribe", "call", "provide"]
patterns = ["**"]
[[rule]]
name = "readers read what is open"
users = ["reader"]
actions = ["read", "subscribe"]
patterns = ["open/**"]
[[rule]]
name = "the secret one"
users = ["*"]
actions = ["read"]
patterns = ["open/secret"]
effect = "deny"
[[rule]]
users = ["writer"]
actions = ["write"]
patterns = ["open/**"]
[[rule]]
users = ["creator"]
actions = ["create"]
patterns = ["open/**"]
)");
        client_.put("open/1", "1").value();
        client_.put("open/secret", "2").value();
        client_.put("closed/1", "3").value();
    }
};

TEST_F(GatewayAccess, UnknownClientGets401) {
    for (const auto& headers : std::vector<HttpHeaders>{{},
                                                        {{"X-API-Key", "nobody"}},
                                                        {{"Authorization", "Bearer nobody"}},
                                                        {{"Authorization", "Basic YTpi"}}}) {
        const auto refused = http_.get("/v1/records/open%2F1", headers);
        expect_problem(refused, 401, "unauthenticated");
        EXPECT_THAT(refused.header("WWW-Authenticate"), HasSubstr("Bearer"));
    }
    EXPECT_EQ(http_.get("/healthz").status, 200) << "its health is everybody's";
    EXPECT_EQ(http_.get("/readyz").status, 200);
}

TEST_F(GatewayAccess, CredentialsAreTakenFromEachOfTheirPlaces) {
    const std::string key = as("reader")[0].second;
    const std::string target = "/v1/records/open%2F1";
    EXPECT_EQ(http_.get(target, {{"X-API-Key", key}}).status, 200);
    EXPECT_EQ(http_.get(target, {{"Authorization", "Bearer " + key}}).status, 200);
    auto stream = watch("pattern=open/1&initial=true&access_token=" + key);
    EXPECT_EQ(next(stream), "current open/1=1");
}

TEST_F(GatewayAccess, DeniedRequestIs403AndTheLogHasTheReason) {
    expect_problem(http_.get("/v1/records/closed%2F1", as("reader")), 403, "permission_denied");
    const auto denied = http_.get("/v1/records/open%2Fsecret", as("reader"));
    expect_problem(denied, 403, "permission_denied");
    EXPECT_THAT(denied.body, Not(HasSubstr("the secret one"))) << "that is in the log only";
    EXPECT_TRUE(gateway_.logs("the secret one"));
    expect_problem(http_.get("/v1/records/closed%2Fnone", as("reader")), 403, "permission_denied");
    expect_problem(http_.put("/v1/records/open%2F1", "9", as("reader")), 403, "permission_denied");
    expect_problem(http_.remove("/v1/records/open%2F1", as("writer")), 403, "permission_denied");
    expect_problem(http_.post("/v1/events/open%2F1", "1", as("reader")), 403, "permission_denied");
    expect_problem(http_.post("/v1/rpc/open%2F1", "1", as("reader")), 403, "permission_denied");
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1"})", as("reader")), 403,
                   "permission_denied");
    expect_problem(http_.get("/v1/query?sql=SELECT%201", as("reader")), 403, "permission_denied");
    expect_problem(http_.get("/v1/records?pattern=closed/**", as("reader")), 403,
                   "permission_denied");
    expect_problem(http_.get("/v1/watch?pattern=closed/**", as("reader")), 403,
                   "permission_denied");
    EXPECT_EQ(to_json(client_.get("open/1")->document()), "1");
}

TEST_F(GatewayAccess, WriteDoesNotIncludeCreate) {
    EXPECT_EQ(http_.put("/v1/records/open%2F1", "2", as("writer")).status, 200);
    expect_problem(http_.put("/v1/records/open%2F2", "2", as("writer")), 403, "permission_denied");
    EXPECT_EQ(http_.put("/v1/records/open%2F2", "2", as("creator")).status, 201);
    expect_problem(http_.put("/v1/records/open%2F2", "3", as("creator")), 403, "permission_denied");
    const std::string both = R"({"writes":[{"op":"put","name":"open/1","document":5},)"
                             R"({"op":"put","name":"open/3","document":5}]})";
    const auto refused = http_.post("/v1/transactions", both, as("writer"));
    expect_problem(refused, 403, "permission_denied");
    EXPECT_EQ(member(refused, "write"), "1");
    EXPECT_FALSE(client_.get("open/3"));
    EXPECT_EQ(to_json(client_.get("open/1")->document()), "2");
    EXPECT_EQ(http_.post("/v1/transactions", both, as("admin")).status, 200);
}

TEST_F(GatewayAccess, ListsAndWatchesOmitDeniedRecords) {
    const auto page = http_.get("/v1/records", as("reader"));
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("open/1"));
    EXPECT_THAT(page.body, Not(HasSubstr("secret")));
    EXPECT_THAT(page.body, Not(HasSubstr("closed")));
    auto stream = watch("pattern=**&initial=true", as("reader"));
    EXPECT_EQ(next(stream), "current open/1=1");
    stream.settle();
    client_.put("open/secret", "7").value();
    client_.put("closed/1", "7").value();
    client_.put("open/2", "7").value();
    EXPECT_EQ(next(stream), "put open/2=7");
}

TEST_F(GatewayAccess, SighupReadsTheRulesAgain) {
    write(keys_ +
          "[[rule]]\nusers = [\"reader\"]\nactions = [\"read\"]\npatterns = [\"closed/**\"]\n");
    gateway_.signal(SIGHUP);
    ASSERT_TRUE(gateway_.logs("configuration reloaded"));
    EXPECT_EQ(http_.get("/v1/records/closed%2F1", as("reader")).status, 200);
    expect_problem(http_.get("/v1/records/open%2F1", as("reader")), 403, "permission_denied");
}

TEST_F(GatewayAccess, SighupWithABadFileChangesNothing) {
    for (const std::string bad :
         {"[[rule]\n", "[[rule]]\nactions = [\"fly\"]\n", "unknown = 1\n"}) {
        write(keys_ + bad);
        const auto times = [&] {
            const std::string log = gateway_.log();
            std::size_t count = 0;
            for (auto at = log.find("configuration not reloaded"); at != std::string::npos;
                 at = log.find("configuration not reloaded", at + 1)) {
                ++count;
            }
            return count;
        };
        const std::size_t before = times();
        gateway_.signal(SIGHUP);
        ASSERT_TRUE(testing::eventually([&] { return times() > before; })) << bad;
        EXPECT_EQ(http_.get("/v1/records/open%2F1", as("reader")).status, 200);
        expect_problem(http_.get("/v1/records/closed%2F1", as("reader")), 403, "permission_denied");
    }
}

class GatewayForPages : public ConfiguredGateway {};

TEST_F(GatewayForPages, PagesOfAllowedOriginsGetPermission) {
    configure("[cors]\norigins = [\"https://maps.example.com\"]\nmax_age_s = 60\n");
    const HttpHeaders from{{"Origin", "https://maps.example.com"}};
    const auto answer = http_.put("/v1/records/a", "1", from);
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://maps.example.com");
    EXPECT_THAT(answer.header("Access-Control-Expose-Headers"), HasSubstr("ETag"));
    EXPECT_THAT(answer.header("Vary"), HasSubstr("Origin"));
    const auto asked = http_.request(
        "OPTIONS", "/v1/records/a",
        {{"Origin", "https://maps.example.com"}, {"Access-Control-Request-Method", "PUT"}});
    EXPECT_EQ(asked.status, 204);
    EXPECT_EQ(asked.header("Access-Control-Allow-Origin"), "https://maps.example.com");
    EXPECT_THAT(asked.header("Access-Control-Allow-Methods"), HasSubstr("PUT"));
    EXPECT_THAT(asked.header("Access-Control-Allow-Headers"), HasSubstr("If-Match"));
    EXPECT_EQ(asked.header("Access-Control-Max-Age"), "60");
    HttpHeaders for_script = from;
    for_script.insert(for_script.end(),
                      {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "cors"}});
    EXPECT_EQ(http_.get("/v1/query?sql=SELECT%201", for_script).status, 200);
    auto stream = watch("pattern=a", from);
    EXPECT_THAT(stream.head(), HasSubstr("Access-Control-Allow-Origin: https://maps.example.com"));
}

TEST_F(GatewayForPages, PagesOfAnotherOriginCannotWrite) {
    const HttpHeaders foreign{{"Origin", "https://evil.example"}};
    expect_problem(http_.put("/v1/records/a", "1", foreign), 403, "bad_origin");
    expect_problem(http_.post("/v1/transactions", "{}", foreign), 403, "bad_origin");
    expect_problem(http_.remove("/v1/records/a", {{"Origin", "null"}}), 403, "bad_origin");
    EXPECT_FALSE(client_.get("a"));
    EXPECT_EQ(http_.get("/v1/records", foreign).header("Access-Control-Allow-Origin"), "");
    const auto asked = http_.request(
        "OPTIONS", "/v1/records/a",
        {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "PUT"}});
    EXPECT_EQ(asked.header("Access-Control-Allow-Origin"), "");
    const std::string own = "localhost:" + std::to_string(gateway_.port());
    EXPECT_EQ(http_.put("/v1/records/a", "1", {{"Origin", "http://" + own}, {"Host", own}}).status,
              201);
}

TEST_F(GatewayForPages, AnOpenGatewayIsAskedForByAddressOrLocalhostOnly) {
    for (const std::string host : {"evil.example", "evil.example:80", "localhost.evil.example",
                                   "127.0.0.1.evil.example", "[evil]"}) {
        expect_problem(http_.get("/v1/records", {{"Host", host}}), 421, "bad_host");
    }
    for (const std::string host : {"localhost", "localhost:1", "127.0.0.1:8080", "[::1]:8080"}) {
        EXPECT_EQ(http_.get("/v1/records", {{"Host", host}}).status, 200) << host;
    }
}

TEST_F(GatewayForPages, WithKnownUsersAnyHostIsAccepted) {
    configure(key("admin"));
    HttpHeaders headers = as("admin");
    headers.emplace_back("Host", "grid.example.com");
    EXPECT_EQ(http_.get("/v1/records", headers).status, 200);
}

class GatewayRate : public ConfiguredGateway {};

TEST_F(GatewayRate, ClientAboveItsRateGets429AndOthersAreServed) {
    key("eager");
    configure(key("calm") +
              "[[rate_limit]]\nusers = [\"eager\"]\nrequests_per_second = 0.001\nburst = 3\n");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(http_.get("/v1/records", as("eager")).status, 200);
    }
    const auto refused = http_.get("/v1/records", as("eager"));
    expect_problem(refused, 429, "rate_limited");
    EXPECT_GE(std::stoi(refused.header("Retry-After")), 1);
    EXPECT_EQ(http_.get("/v1/records", as("calm")).status, 200);
}

TEST_F(GatewayRate, GatewayWithoutAuthenticationListensOnLoopbackOnly) {
    testing::Process open({built::gateway, "--grid", grid_.name(), "--listen", "0.0.0.0:0"});
    EXPECT_EQ(open.finish(0), 2);
    EXPECT_THAT(open.errors(), HasSubstr("is reachable from other hosts"));
}

}  // namespace
}  // namespace ringside
