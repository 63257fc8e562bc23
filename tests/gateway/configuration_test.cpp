#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tools/gateway/options.hpp"
#include "tools/support/built_paths.hpp"

/// Configurations as files, as they are documented.
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
    /// The first example of a page of the documentation in that language.
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

    // As it is, but for the grid and a port that is free.
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

    // Rules that are `true` are for those who have logged in.
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

TEST_F(GatewayConfiguration, LoginsThatLetEverybodyInProtectNothing) {
    write("gateway.toml",
          "listen = [\"0.0.0.0:0\"]\n[deepstream]\n[[deepstream.auth]]\ntype = \"open\"\n");
    const auto parsed = parse("gateway.toml");
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().text().find("can be reached from other hosts"), std::string::npos);
}

TEST_F(GatewayConfiguration, AnonymousRequestsBesideLoginsHaveToBeAllowed) {
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
