#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tools/gateway/options.hpp"
#include "tools/support/built_paths.hpp"

/// Configurations as files, as documented.
namespace ringside {
namespace {

using ::testing::ElementsAre;
using testing::HttpClient;
using testing::Process;
using testing::TemporaryDirectory;
using testing::TestGrid;

class GatewayConfiguration : public ::testing::Test {
protected:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::trunc) << text;
        std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_write);
    }
    [[nodiscard]] Result<gateway::ParsedOptions> parse(const std::string& file) const {
        const std::string path = directory_ / file;
        const std::array<const char*, 3> arguments{"ringside-gateway", "--config", path.c_str()};
        return gateway::parse_options(static_cast<int>(arguments.size()), arguments.data());
    }
    /// Returns the first example of a page of the documentation in that language.
    static std::string example_of(const std::string& page, const std::string& language) {
        std::ifstream file(std::filesystem::path(built::source_directory) / "docs" / page);
        std::stringstream text;
        text << file.rdbuf();
        const std::string fence = "```" + language + "\n";
        const std::size_t begin = text.str().find(fence) + fence.size();
        return text.str().substr(begin, text.str().find("```", begin) - begin);
    }

    TemporaryDirectory directory_;
};

TEST_F(GatewayConfiguration, ListsInAFileReplaceTheDefaults) {
    write("gateway.toml", "listen = [\"127.0.0.1:1\", \"[::1]:2\"]\n");
    const auto parsed = parse("gateway.toml");
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_THAT(parsed->options.listen, ElementsAre("127.0.0.1:1", "[::1]:2"));
}

TEST_F(GatewayConfiguration, TheFirstExampleOfTheDeepstreamPageStarts) {
    std::string text = example_of("deepstream.md", "toml");
    ASSERT_NE(text.find("[[deepstream.auth]]"), std::string::npos) << text;
    ASSERT_NE(text.find("[valve]"), std::string::npos) << text;
    write("users.yml", "alice:\n  password: secret\n");
    write("permissions.yml",
          "record:\n  '*':\n    create: true\n    write: true\n    read: true\n    delete: true\n"
          "    listen: true\n    notify: true\n"
          "event:\n  '*':\n    publish: true\n    subscribe: true\n    listen: true\n"
          "rpc:\n  '*':\n    provide: true\n    request: true\n"
          "presence:\n  '*':\n    allow: true\n");
    write("example.toml", text);
    const auto parsed = parse("example.toml");
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_THAT(parsed->options.listen, ElementsAre("0.0.0.0:6020"));

    // Unchanged, except for the grid and a free port.
    const TestGrid grid({"--memory", "64MiB", "--ring-entries", "4096"});
    const auto replace = [&](const std::string& what, const std::string& by) {
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        text.replace(at, what.size(), by);
    };
    replace("\"onsale\"", '"' + grid.name() + '"');
    replace(":6020", ":0");
    write("gateway.toml", text);
    Process gateway({built::gateway, "--config", directory_ / "gateway.toml"});
    const std::string ready = gateway.read_line();
    ASSERT_TRUE(ready.starts_with("ready 0.0.0.0:")) << ready << gateway.errors();
    const auto port = static_cast<std::uint16_t>(std::stoi(ready.substr(ready.rfind(':') + 1)));

    // Rules that are `true` apply to logged-in users only.
    HttpClient http(port);
    EXPECT_EQ(http.get("/v1/records/a").status, 401);
    EXPECT_EQ(http.put("/v1/records/a", "1").status, 401);
    EXPECT_EQ(http.get("/v1/watch").status, 401);
    EXPECT_EQ(http.get("/healthz").status, 200);
    const auto posted = http.post(
        "/api",
        R"({"authData":{"username":"alice","password":"secret"},)"
        R"("body":[{"topic":"record","action":"write","recordName":"a","data":{"n":1}}]})",
        {{"Content-Type", "application/json"}});
    EXPECT_EQ(posted.status, 200) << posted.body;
    EXPECT_NE(posted.body.find("SUCCESS"), std::string::npos) << posted.body;
    EXPECT_EQ(gateway.finish(SIGTERM), 0);
}

TEST_F(GatewayConfiguration, LimitsAreReadFromTheirTables) {
    write("gateway.toml",
          "[limits.queries]\nthreads = 8\nthreads_per_user = 3\nwaiting = 50\n"
          "waiting_per_user = 5\n"
          "[limits.lists]\nthreads = 5\n[limits.transactions]\nthreads = 6\n"
          "[limits.answers]\nthreads = 7\n[limits.compressions]\nthreads = 9\n"
          "[limits.memory]\nbodies_bytes = 1000000000\nbodies_bytes_per_user = 100000000\n"
          "stranger_bodies_bytes = 2000000\nstranger_bodies_bytes_per_address = 1000000\n"
          "streams_bytes = 300000000\nstreams_bytes_per_user = 30000000\n"
          "[limits.logins]\nfailures_per_user_and_address = 3\nfailures_per_user = 4\n"
          "failures_per_address = 5\nforgotten_per_minute_per_user_and_address = 6\n"
          "forgotten_per_minute_per_user = 7\nforgotten_per_minute_per_address = 8\n"
          "pause_ms = 9\ndeciding_per_address = 10\nwaiting_per_address = 11\n");
    const auto parsed = parse("gateway.toml");
    ASSERT_TRUE(parsed) << parsed.error().text();
    const gateway::PoolLimits& pools = parsed->options.pools;
    EXPECT_EQ(pools.queries.threads, 8U);
    EXPECT_EQ(pools.queries.threads_per_user, 3U);
    EXPECT_EQ(pools.queries.waiting_max, 50U);
    EXPECT_EQ(pools.queries.waiting_per_user_max, 5U);
    EXPECT_EQ(pools.lists.threads, 5U);
    EXPECT_EQ(pools.transactions.threads, 6U);
    EXPECT_EQ(pools.answers.threads, 7U);
    EXPECT_EQ(pools.compressions.threads, 9U);
    const gateway::MemoryLimits& memory = parsed->options.limits.memory;
    EXPECT_EQ(memory.bodies, 1'000'000'000U);
    EXPECT_EQ(memory.bodies_per_user, 100'000'000U);
    EXPECT_EQ(memory.stranger_bodies, 2'000'000U);
    EXPECT_EQ(memory.stranger_bodies_per_address, 1'000'000U);
    EXPECT_EQ(memory.streams, 300'000'000U);
    EXPECT_EQ(memory.streams_per_user, 30'000'000U);
    const gateway::LoginLimits& logins = parsed->options.logins;
    EXPECT_EQ(logins.of_user_at_address.burst, 3U);
    EXPECT_EQ(logins.of_user.burst, 4U);
    EXPECT_EQ(logins.of_address.burst, 5U);
    EXPECT_EQ(logins.of_user_at_address.forgotten_per_minute, 6U);
    EXPECT_EQ(logins.of_user.forgotten_per_minute, 7U);
    EXPECT_EQ(logins.of_address.forgotten_per_minute, 8U);
    EXPECT_EQ(logins.pause, std::chrono::milliseconds(9));
    EXPECT_EQ(logins.deciding_per_address, 10U);
    EXPECT_EQ(logins.waiting_per_address, 11U);
}

TEST_F(GatewayConfiguration, LimitsOutOfRangeAreErrorsOfTheirLine) {
    struct Case {
        const char* text;
        const char* says;
    };
    const Case cases[] = {
        {"[limits.queries]\nthreads = 0\n", "gateway.toml:2"},
        {"[limits.queries]\nthreads = 65\n", "gateway.toml:2"},
        {"[limits.lists]\nwaiting = 0\n", "gateway.toml:2"},
        {"[limits.queries]\nthreads_per_user = 5\n", "threads_per_user (5) exceeds threads (4)"},
        {"[limits.lists]\nwaiting = 100\n", "waiting_per_user (128) exceeds waiting (100)"},
        {"[limits.memory]\nbodies_bytes = 1000\n", "gateway.toml:2"},
        {"[limits.memory]\nbodies_bytes = 20000000\n",
         "bodies_bytes_per_user (134217728) exceeds bodies_bytes (20000000)"},
        {"[limits.memory]\nstranger_bodies_bytes = 70000\n",
         "stranger_bodies_bytes_per_address (16777216) exceeds stranger_bodies_bytes (70000)"},
        {"[limits.memory]\nstranger_bodies_bytes = 1000000000\n",
         "stranger_bodies_bytes (1000000000) exceeds bodies_bytes (536870912)"},
        {"[limits.memory]\nstreams_bytes_per_user = 300000000\n",
         "streams_bytes_per_user (300000000) exceeds streams_bytes (268435456)"},
        {"[limits.memory]\nbodies = 1\n", "'bodies'"},
        {"[limits.logins]\nfailures_per_user = 0\n", "gateway.toml:2"},
        {"[limits.logins]\npause_ms = 60001\n", "gateway.toml:2"},
        {"[limits.query]\nthreads = 1\n", "'query'"},
        {"body_bytes = 200000000\n", "exceeds bodies_bytes_per_user (134217728)"},
    };
    for (const Case& each : cases) {
        write("gateway.toml", each.text);
        const auto parsed = parse("gateway.toml");
        ASSERT_FALSE(parsed) << each.text;
        EXPECT_EQ(parsed.error().code, Errc::bad_configuration);
        EXPECT_NE(parsed.error().text().find(each.says), std::string::npos)
            << parsed.error().text();
    }
}

TEST_F(GatewayConfiguration, LimitsAreAppliedAndShown) {
    const TestGrid grid({"--memory", "64MiB", "--ring-entries", "4096"});
    write("gateway.toml",
          "[limits.queries]\nthreads = 1\nthreads_per_user = 1\nwaiting = 1\n"
          "waiting_per_user = 1\n[limits.memory]\nstreams_bytes_per_user = 20000000\n");
    const testing::TestGateway gateway(grid.name(), {"--config", directory_ / "gateway.toml"});
    HttpClient http(gateway.port());
    const std::string stats = http.get("/v1/stats").body;
    const auto shows = [&](const std::string& text) {
        return stats.find(text) != std::string::npos;
    };
    EXPECT_TRUE(shows(R"({"labels":{"kind":"query"},"value":1})")) << stats;
    EXPECT_TRUE(shows("ringside_gateway_streams_per_user_limit_bytes"));
    EXPECT_TRUE(shows(R"("samples":[{"labels":{},"value":20000000}])"));
    // One query runs, one waits, the next one is refused.
    const std::string endless =
        R"({"sql":"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c))"
        R"( SELECT count(*) FROM c"})";
    HttpClient running(gateway.port());
    HttpClient waiting(gateway.port());
    running.begin("POST", "/v1/query", {}, endless);
    const auto work = [&](const std::string& state) {
        const std::string text = http.get("/metrics").body;
        const std::string name = "\nringside_gateway_work_" + state + "{kind=\"query\"} ";
        return text.substr(text.find(name) + name.size(), 1);
    };
    EXPECT_TRUE(testing::eventually([&] { return work("running") == "1"; }));
    waiting.begin("POST", "/v1/query", {}, endless);
    EXPECT_TRUE(testing::eventually([&] { return work("waiting") == "1"; }));
    EXPECT_EQ(http.post("/v1/query", endless).status, 429);
}

TEST_F(GatewayConfiguration, LoginsThatAcceptEveryUserProtectNothing) {
    write("gateway.toml",
          "listen = [\"0.0.0.0:0\"]\n[deepstream]\n[[deepstream.auth]]\ntype = \"open\"\n");
    const auto parsed = parse("gateway.toml");
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().text().find("is reachable from other hosts"), std::string::npos);
}

TEST_F(GatewayConfiguration, AnonymousRequestsMustBeAllowedIfLoginsExist) {
    write("users.yml", "alice:\n  password: secret\n");
    const std::string logins =
        "[deepstream]\n[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
    write("gateway.toml", logins);
    EXPECT_FALSE(parse("gateway.toml")->options.access->authenticator.allows_anonymous());
    write("gateway.toml", logins + "[access]\nallow_anonymous = true\n");
    EXPECT_TRUE(parse("gateway.toml")->options.access->authenticator.allows_anonymous());
}

}  // namespace
}  // namespace ringside
