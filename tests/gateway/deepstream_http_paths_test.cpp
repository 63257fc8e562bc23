#include "tests/gateway/deepstream_http_api.hpp"
#include "tools/gateway/access/api_keys.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;

/// Paths of the API, and who may use them.
class DeepstreamHttpPaths : public testing::DeepstreamHttpApiTest {};

TEST_F(DeepstreamHttpPaths, OtherTypesMethodsAndPathsAreRefused) {
    configure("[deepstream]\n");
    expect_refusal(post("/api", R"({"body":[]})", "text/plain"), 415,
                   R"(Invalid "Content-Type" header. Supported media types: "application/json")");
    EXPECT_EQ(post("/api", "{}", "Application/JSON; charset=utf-8").status, 400);
    expect_refusal(post("/health-check", "{}"), 404, "Endpoint not found.");
    for (const char* path : {"/api", "/api/auth"}) {
        expect_refusal(http_.get(path), 400,
                       "Reading records via HTTP GET is not yet implemented, please use a post "
                       "request instead.");
    }
    const auto put = http_.put("/api", "{}", {{"Content-Type", "application/json"}});
    expect_refusal(put, 405, "Unsupported method. Supported methods: GET, POST, OPTIONS");
    EXPECT_EQ(put.header("Allow"), "GET, POST, OPTIONS");
    expect_refusal(http_.request("OPTIONS", "/api"), 400,
                   R"(Missing header "Access-Control-Request-Method".)");
    EXPECT_EQ(post("/api/elsewhere", "{}").status, 404);
}

TEST_F(DeepstreamHttpPaths, HealthCheckReportsOnlyThatItRuns) {
    configure("[deepstream]\n");
    const auto response = http_.get("/health-check");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
}

TEST_F(DeepstreamHttpPaths, PathsAreConfigurable) {
    configure("[deepstream]\nhttp_path = \"/json\"\nhealth_path = \"/up\"\n");
    EXPECT_EQ(post("/json", R"({"body":[)" + record("head", "a") + "]}").status, 200);
    EXPECT_EQ(text_of(post("/json/auth", "{}")), "{}");
    EXPECT_EQ(http_.get("/up").status, 200);
    EXPECT_EQ(post("/api", "{}").status, 404);
    configure("[deepstream]\nhttp_auth_path = \"/login\"\n");
    EXPECT_EQ(text_of(post("/login", "{}")), "{}");
    EXPECT_EQ(post("/api/auth", "{}").status, 404);
}

TEST_F(DeepstreamHttpPaths, InvalidOrEqualPathsAreRefused) {
    const std::pair<const char*, const char*> wrong[] = {
        {R"(http_path = "api")", "http_path must start with '/' and be longer than that"},
        {R"(health_path = "/")", "health_path must start with '/' and be longer than that"},
        {R"(http_path = "/deepstream")",
         "http_path is already used as another path; choose a different one"},
        {R"(http_request_timeout_ms = 0)", "http_request_timeout_ms"},
    };
    for (const auto& [line, why] : wrong) {
        write("wrong.toml", std::string("[deepstream]\n") + line + '\n');
        testing::Process refused({built::gateway, "--grid", grid_.name(), "--config",
                                  directory_ / "wrong.toml", "--listen", "127.0.0.1:0"});
        EXPECT_EQ(refused.finish(0), 2) << line;
        EXPECT_THAT(refused.errors(), HasSubstr(why));
    }
}

TEST_F(DeepstreamHttpPaths, PathsDoNotExistWithoutTheTable) {
    EXPECT_EQ(post("/api", "{}").status, 404);
    EXPECT_EQ(http_.get("/health-check").status, 404);
}

TEST_F(DeepstreamHttpPaths, OnlyAllowedOriginsMayUseThem) {
    configure("[deepstream]\n[cors]\norigins = [\"http://a.example\"]\n");
    const std::string body = R"({"body":[)" + record("head", "a") + "]}";
    const auto from = [&](const std::string& origin) {
        return http_.post("/api", body, {{"Content-Type", "application/json"}, {"Origin", origin}});
    };
    EXPECT_EQ(from("http://a.example").status, 200);
    EXPECT_EQ(from("http://a.example").header("Access-Control-Allow-Origin"), "http://a.example");
    EXPECT_EQ(from("http://b.example").status, 403);
    const auto preflight =
        http_.request("OPTIONS", "/api",
                      {{"Origin", "http://a.example"}, {"Access-Control-Request-Method", "POST"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_THAT(preflight.header("Access-Control-Allow-Methods"), HasSubstr("POST"));
}

/// A gateway that requires known users.
class DeepstreamHttpUsers : public testing::DeepstreamHttpApiTest {
protected:
    void SetUp() override {
        write("users.json",
              R"({"ann":{"password":"a","clientData":{"seat":"A12"}},"bob":{"password":"b"}})");
        configure("[[api_key]]\nuser = \"key\"\nhash = \"" +
                  gateway::api_key_hash("key-0123456789abcdefghijklmnop") + "\"\n" + R"(
[[deepstream.auth]]
type = "file"
path = "users.json"
[[deepstream.auth]]
type = "token"
[[rule]]
users = ["ann", "key"]
actions = ["read", "write", "create", "delete", "publish", "call", "notify", "presence"]
patterns = ["**"]
[[rule]]
users = ["*"]
actions = ["read", "write", "create", "delete", "publish", "call", "notify"]
patterns = ["denied/**"]
effect = "deny"
[[rate_limit]]
users = ["bob"]
requests_per_second = 0.01
burst = 1
)");
    }

    static constexpr const char* ann = R"(,"authData":{"username":"ann","password":"a"})";
    static constexpr const char* bob = R"(,"authData":{"username":"bob","password":"b"})";
};

TEST_F(DeepstreamHttpUsers, AuthDataIdentifiesTheUser) {
    const std::string messages = R"({"body":[)" + record("head", "a") + ']';
    for (const char* others : {"", R"(,"authData":{"username":"ann","password":"x"})",
                               R"(,"authData":[])", R"(,"token":"none")"}) {
        expect_refusal(post("/api", messages + others + '}'), 401,
                       "Unsuccessful authentication attempt.");
    }
    const std::string found = success(R"({"version":-1,"success":true})");
    EXPECT_EQ(api(record("head", "a"), ann), found);
    EXPECT_EQ(api(record("head", "a"), R"(,"token":"key-0123456789abcdefghijklmnop")"), found);
}

TEST_F(DeepstreamHttpUsers, UnknownUsersLearnNothingAboutInvalidMessages) {
    expect_refusal(post("/api", R"({"body":[{}]})"), 401, "Unsuccessful authentication attempt.");
}

TEST_F(DeepstreamHttpUsers, LogInForTheirData) {
    const auto response = post("/api/auth", R"({"username":"ann","password":"a"})");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(text_of(response), R"({"clientData":{"seat":"A12"}})");
    expect_refusal(post("/api/auth", R"({"username":"ann","password":"x"})"), 401,
                   "Invalid authentication data.");
}

TEST_F(DeepstreamHttpUsers, DeniedActionsAreRefused) {
    const std::string name = "denied/a";
    const auto refusal = [&](const char* topic, int event, int action, const char* text) {
        return failure(std::string(R"({"errorTopic":")") + topic + R"(","errorEvent":)" +
                       std::to_string(event) + R"(,"success":false,"action":)" +
                       std::to_string(action) + R"(,"error":"Message denied. Action \")" + text +
                       R"(\" is not permitted."})");
    };
    const std::string data = R"(,"data":{})";
    EXPECT_EQ(api(record("read", name), ann), refusal("record", 115, 3, "READ"));
    EXPECT_EQ(api(record("head", name), ann), refusal("record", 115, 5, "HEAD"));
    EXPECT_EQ(api(record("delete", name), ann), refusal("record", 115, 9, "DELETE"));
    EXPECT_EQ(api(record("write", name, data), ann), refusal("record", 115, 16, "CREATEANDUPDATE"));
    EXPECT_EQ(api(record("write", name, data + R"(,"path":"x")"), ann),
              refusal("record", 115, 17, "CREATEANDPATCH"));
    EXPECT_EQ(api(R"({"topic":"record","action":"notify","recordNames":["a","denied/a"]})", ann),
              refusal("record", 115, 2, "NOTIFY"));
    EXPECT_EQ(api(R"({"topic":"rpc","action":"make","rpcName":"denied/a"})", ann),
              refusal("rpc", 107, 2, "REQUEST"));
    EXPECT_EQ(api(R"({"topic":"event","action":"emit","eventName":"denied/a"})", ann),
              failure(R"({"success":false,"error":"Message denied. Action 'emit' is not )"
                      R"(permitted.","errorEvent":"MESSAGE_DENIED","errorAction":"emit",)"
                      R"("errorTopic":"event"})"));
    EXPECT_EQ(client_.get(name).error(), Errc::not_found);
}

TEST_F(DeepstreamHttpUsers, PresenceNeedsTheRight) {
    EXPECT_EQ(api(R"({"topic":"presence","action":"query","names":["ann"]})", bob),
              failure(R"({"errorTopic":"presence","errorEvent":102,"success":false,"action":4,)"
                      R"("error":"Message denied. Action \"QUERY\" is not permitted."})"));
}

TEST_F(DeepstreamHttpUsers, RateOfRequestsIsLimited) {
    const std::string body = R"({"body":[)" + record("head", "a") + ']' + bob + '}';
    EXPECT_EQ(post("/api", body).status, 200);
    expect_problem(post("/api", body), 429, "rate_limited");
    expect_problem(post("/api/auth", R"({"username":"bob","password":"b"})"), 429, "rate_limited");
    EXPECT_EQ(api(record("head", "a"), ann), success(R"({"version":-1,"success":true})"));
}

}  // namespace
}  // namespace ringside
