#include "tools/gateway/access/cors.hpp"

#include <map>

#include "tests/gateway/access_test.hpp"

namespace ringside::gateway {
namespace {

class CorsTest : public testing::AccessTest {
protected:
    using Map = std::map<std::string, std::string>;

    [[nodiscard]] Cors cors(const std::string& text) const { return load(text).value().cors; }
    static Map map_of(const Cors::Headers& headers) { return {headers.begin(), headers.end()}; }
};

TEST_F(CorsTest, AllowsNoOriginWithoutATable) {
    const Cors by = cors("");
    EXPECT_FALSE(by.allows("https://maps.example.com"));
    EXPECT_EQ(by.simple("https://maps.example.com"), Cors::Headers());
    EXPECT_EQ(by.preflight("https://maps.example.com"), Cors::Headers());
}

TEST_F(CorsTest, AllowsTheOriginsThatAreListed) {
    const Cors by = cors(
        "[cors]\norigins = [\"https://maps.example.com\", \"http://localhost:3000\"]\n"
        "credentials = true\nmax_age_s = 60\n");
    Map simple = map_of(by.simple("http://localhost:3000"));
    EXPECT_EQ(simple["Access-Control-Allow-Origin"], "http://localhost:3000");
    EXPECT_EQ(simple["Access-Control-Allow-Credentials"], "true");
    EXPECT_EQ(simple["Vary"], "Origin");
    EXPECT_NE(simple["Access-Control-Expose-Headers"].find("ETag"), std::string::npos);
    Map preflight = map_of(by.preflight("https://maps.example.com"));
    EXPECT_EQ(preflight["Access-Control-Allow-Origin"], "https://maps.example.com");
    EXPECT_EQ(preflight["Access-Control-Allow-Credentials"], "true");
    EXPECT_EQ(preflight["Access-Control-Max-Age"], "60");
    EXPECT_NE(preflight["Access-Control-Allow-Methods"].find("PATCH"), std::string::npos);
    EXPECT_NE(preflight["Access-Control-Allow-Headers"].find("If-Match"), std::string::npos);
}

TEST_F(CorsTest, OtherOriginsGetOnlyTheVaryHeader) {
    const Cors by = cors("[cors]\norigins = [\"https://maps.example.com\"]\n");
    const Map depends = {{"Vary", "Origin"}};
    for (const std::string origin : {"https://maps.example.com.evil.org", "http://maps.example.com",
                                     "https://MAPS.example.com", "null", ""}) {
        EXPECT_FALSE(by.allows(origin)) << origin;
        EXPECT_EQ(map_of(by.simple(origin)), depends) << origin;
        EXPECT_EQ(map_of(by.preflight(origin)), depends) << origin;
    }
}

TEST_F(CorsTest, AllowsEveryOriginByAStar) {
    for (const std::string origins : {"\"*\"", "[\"*\"]"}) {
        const Cors by = cors("[cors]\norigins = " + origins + "\n");
        Map simple = map_of(by.simple("https://anything.example"));
        EXPECT_EQ(simple["Access-Control-Allow-Origin"], "*");
        EXPECT_FALSE(simple.contains("Vary"));
        EXPECT_FALSE(simple.contains("Access-Control-Allow-Credentials"));
        EXPECT_EQ(map_of(by.preflight("https://b.example"))["Access-Control-Max-Age"], "600");
    }
}

TEST_F(CorsTest, DamagedTableIsAnErrorWithItsLine) {
    expect_refused("[cors]\nmax_age_s = 1", 1, "set origins");
    expect_refused("[cors]\norigins = \"*\"\ncredentials = true", 1, "needs named origins");
    expect_refused("[cors]\norigins = [\"*\", \"https://a.b\"]", 2, "'*' is not an origin");
    expect_refused("[cors]\norigins = [\"https://a.b/\"]", 2, "'https://a.b/' is not an origin");
    expect_refused("[cors]\norigins = [\"https://A.b\"]", 2, "is not an origin");
    expect_refused("[cors]\norigins = [\"null\"]", 2, "is not an origin");
    expect_refused("[cors]\norigins = [\"https://\"]", 2, "is not an origin");
    expect_refused("[cors]\norigins = [\"https://a\\r\\nX: y\"]", 2, "is not an origin");
    expect_refused("[cors]\norigins = \"*\"\nmax_age_s = -1", 3, "must be an integer");
    expect_refused("[cors]\norigins = 7", 2, "list of strings");
    expect_refused("[cors]\nheaders = [\"a\"]\norigins = \"*\"", 2,
                   "'headers' is not an option of");
}

}  // namespace
}  // namespace ringside::gateway
