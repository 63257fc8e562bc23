#include <set>

#include "tests/gateway/configured_gateway.hpp"

namespace ringside {
namespace {

using testing::HttpHeaders;
using testing::HttpResponse;

class GatewayTags : public testing::GatewayTest {
protected:
    static constexpr const char* seat = "/v1/records/seat%2F1";

    HttpResponse put(const std::string& body, const HttpHeaders& headers = {}) {
        return http_.put(seat, body, headers);
    }
    [[nodiscard]] std::string stored() const {
        const auto record = client_.get("seat/1");
        return record ? to_json(record->document()) : std::string("none");
    }
    static std::string http_date(std::int64_t seconds_from_now) {
        const std::time_t time = std::time(nullptr) + seconds_from_now;
        std::tm parts{};
        gmtime_r(&time, &parts);
        char text[64];
        return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
    }
};

TEST_F(GatewayTags, TagOfARemovedRecordDoesNotMatchItsSuccessor) {
    const std::string first = put(R"("ann")").header("ETag");
    ASSERT_EQ(http_.remove(seat, {{"If-Match", first}}).status, 200);
    const std::string second = put(R"("bob")").header("ETag");
    EXPECT_NE(first, second);
    EXPECT_EQ(client_.get("seat/1")->version(), 1U) << "versions do repeat";
    expect_problem(http_.remove(seat, {{"If-Match", first}}), 412, "condition_failed");
    expect_problem(put("1", {{"If-Match", first}}), 412, "condition_failed");
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", first}}).body, R"("bob")");
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", second}}).status, 304);
    EXPECT_EQ(stored(), R"("bob")");
}

TEST_F(GatewayTags, TagOfAnExpiredRecordDoesNotMatchItsSuccessor) {
    const std::string held = http_.put(std::string(seat) + "?ttl_ms=1", "1").header("ETag");
    ASSERT_TRUE(testing::eventually([&] { return http_.get(seat).status == 404; }));
    ASSERT_EQ(put("2").status, 201);
    expect_problem(http_.remove(seat, {{"If-Match", held}}), 412, "condition_failed");
    EXPECT_EQ(stored(), "2");
}

TEST_F(GatewayTags, TagOfAnEarlierGridDoesNotMatch) {
    const std::string before = put("1").header("ETag");
    const std::string after = [&] {
        grid_.stop();
        grid_.start();
        HttpResponse answered;
        EXPECT_TRUE(testing::eventually([&] { return (answered = put("2")).status < 300; }));
        // The gateway reads and writes through different sessions.
        EXPECT_TRUE(testing::eventually([&] { return http_.get(seat).status == 200; }));
        return answered.header("ETag");
    }();
    EXPECT_NE(before, after);
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", before}}).status, 200);
    expect_problem(put("3", {{"If-Match", before}}), 412, "condition_failed");
}

TEST_F(GatewayTags, ReadsAndWritesReturnTheSameTag) {
    const std::string made = put(R"({"n":1})").header("ETag");
    EXPECT_EQ(http_.get(seat).header("ETag"), made);
    EXPECT_EQ(http_.request("HEAD", seat).header("ETag"), made);
    const auto changed = http_.put(std::string(seat) + "?pointer=/n", "2", {{"If-Match", made}});
    ASSERT_EQ(changed.status, 200);
    EXPECT_NE(changed.header("ETag"), made);
    EXPECT_EQ(http_.get(seat).header("ETag"), changed.header("ETag"));
    EXPECT_EQ(member(changed, "version"), "2");
    const auto patched = http_.request(
        "PATCH", seat,
        {{"Content-Type", "application/json-patch+json"}, {"If-Match", changed.header("ETag")}},
        R"([{"op":"replace","path":"/n","value":3}])");
    EXPECT_EQ(http_.get(seat).header("ETag"), patched.header("ETag"));
}

TEST_F(GatewayTags, AllLinesOfAConditionCount) {
    const std::string tag = put("1").header("ETag");
    EXPECT_EQ(put("2", {{"If-None-Match", "\"other\""}, {"If-None-Match", tag}}).status, 412);
    EXPECT_EQ(put("2", {{"If-None-Match", "\"other\""}, {"If-None-Match", "*"}}).status, 400);
    EXPECT_EQ(put("2", {{"If-Match", "\"other\""}, {"If-Match", "\"another\""}}).status, 412);
    EXPECT_EQ(stored(), "1");
    EXPECT_EQ(put("2", {{"If-Match", "\"other\""}, {"If-Match", tag}}).status, 200);
    const std::string next = http_.get(seat).header("ETag");
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", "\"other\""}, {"If-None-Match", next}}).status,
              304);
}

TEST_F(GatewayTags, MalformedConditionIsRefusedAndNothingWritten) {
    put("1");
    for (const std::string name : {"If-Match", "If-None-Match"}) {
        for (const std::string value : {"", ",", "7", "\"7", "\"a\" \"b\"", "*, \"7\""}) {
            expect_problem(put("2", {{name, value}}), 400, "bad_condition");
            expect_problem(http_.remove(seat, {{name, value}}), 400, "bad_condition");
        }
    }
    EXPECT_EQ(stored(), "1");
}

TEST_F(GatewayTags, DatesAreConditionsOfWritesAndReads) {
    put("1");
    const auto day_ago = http_date(-86'400);
    const auto in_a_day = http_date(86'400);
    expect_problem(put("2", {{"If-Unmodified-Since", day_ago}}), 412, "condition_failed");
    expect_problem(http_.remove(seat, {{"If-Unmodified-Since", day_ago}}), 412, "condition_failed");
    EXPECT_EQ(stored(), "1");
    expect_problem(http_.get(seat, {{"If-Unmodified-Since", day_ago}}), 412, "condition_failed");
    EXPECT_EQ(http_.get(seat, {{"If-Modified-Since", day_ago}}).status, 200);
    const auto known = http_.get(seat, {{"If-Modified-Since", in_a_day}});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.header("ETag"), http_.get(seat).header("ETag"));
    const std::string modified = http_.get(seat).header("Last-Modified");
    EXPECT_EQ(http_.get(seat, {{"If-Modified-Since", modified}}).status, 304);
    EXPECT_EQ(put("2", {{"If-Unmodified-Since", in_a_day}}).status, 200);
}

TEST_F(GatewayTags, IfMatchIsEvaluatedFirst) {
    const std::string tag = put("1").header("ETag");
    expect_problem(http_.get(seat, {{"If-None-Match", tag}, {"If-Match", "\"other\""}}), 412,
                   "condition_failed");
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", tag}, {"If-Match", tag}}).status, 304);
    EXPECT_EQ(put("2", {{"If-Match", tag}, {"If-Unmodified-Since", http_date(-86'400)}}).status,
              200)
        << "the date is ignored if a tag is given";
}

TEST_F(GatewayTags, ConditionsAreIgnoredForMissingRecords) {
    expect_problem(http_.get(seat, {{"If-Match", "\"x\""}}), 404, "not_found");
    expect_problem(http_.get(seat, {{"If-None-Match", "*"}}), 404, "not_found");
    expect_problem(http_.remove(seat, {{"If-Match", "\"x\""}}), 404, "not_found");
    put(R"({"n":1})");
    expect_problem(http_.get(std::string(seat) + "?pointer=/m", {{"If-None-Match", "*"}}), 404,
                   "path_not_found");
}

TEST_F(GatewayTags, TagsOfThePreviousReleaseAreAcceptedByWrites) {
    put("1");
    expect_problem(put("2", {{"If-Match", "\"2\""}}), 412, "condition_failed");
    expect_problem(put("2", {{"If-Match", "\"01\""}}), 412, "condition_failed");
    expect_problem(put("2", {{"If-Match", "W/\"1\""}}), 412, "condition_failed");
    expect_problem(put("2", {{"If-None-Match", "\"1\""}}), 412, "condition_failed");
    EXPECT_EQ(put("2", {{"If-Match", "\"1\""}}).status, 200);
    EXPECT_EQ(http_.get(seat, {{"If-Match", "\"2\""}}).status, 200);
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", "\"2\""}}).status, 200) << "a version repeats";
}

TEST_F(GatewayTags, SingleWritesTakeConditionsOnTheRevision) {
    const std::string target = std::string(seat) + "?if_revision=";
    const std::string first = member(put("1"), "revision");
    const std::string second = member(http_.put(target + first, "2"), "revision");
    expect_problem(http_.put(target + first, "3"), 412, "condition_failed");
    expect_problem(http_.remove(target + first), 412, "condition_failed");
    EXPECT_EQ(stored(), "2");
    EXPECT_EQ(http_.put(std::string(seat) + "?if_version=2", "3").status, 200);
    expect_problem(http_.put(std::string(seat) + "?if_version=2", "4"), 412, "condition_failed");
    expect_problem(http_.put(std::string(seat) + "?if_absent=true", "4"), 412, "condition_failed");
    expect_problem(http_.put(target + second + "&if_version=3", "4"), 400, "bad_request");
    expect_problem(http_.put(target + "x", "4"), 400, "bad_parameter");
    EXPECT_EQ(http_.remove(std::string(seat) + "?if_version=3").status, 200);
    expect_problem(http_.put(target + second, "4"), 412, "condition_failed");
    EXPECT_EQ(http_.put(std::string(seat) + "?if_absent=true", "4").status, 201);
}

TEST_F(GatewayTags, GzipHasItsOwnTagWhichWritesAccept) {
    const std::string document = '"' + std::string(4096, 'x') + '"';
    put(document);
    const HttpHeaders accepting{{"Accept-Encoding", "gzip"}};
    const auto plain = http_.get(seat);
    const auto compressed = http_.get(seat, accepting);
    ASSERT_EQ(compressed.header("Content-Encoding"), "gzip");
    const std::string tag = plain.header("ETag");
    const std::string gzip_tag = compressed.header("ETag");
    EXPECT_NE(tag, gzip_tag);
    auto known = accepting;
    known.emplace_back("If-None-Match", gzip_tag);
    const auto unchanged = http_.get(seat, known);
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.header("ETag"), gzip_tag);
    EXPECT_EQ(unchanged.header("Vary"), compressed.header("Vary"));
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", gzip_tag}}).status, 200)
        << "a client that does not accept gzip has no use for it";
    EXPECT_EQ(http_.get(seat, {{"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(put("1", {{"If-Match", gzip_tag}}).status, 200);
    expect_problem(put("2", {{"If-Match", gzip_tag}}), 412, "condition_failed");
}

TEST_F(GatewayTags, StaticFilesHaveConditions) {
    const auto file = http_.get("/openapi.json");
    const std::string tag = file.header("ETag");
    EXPECT_EQ(http_.get("/openapi.json", {{"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(http_.get("/openapi.json", {{"If-None-Match", "W/" + tag}}).status, 304);
    EXPECT_EQ(http_.get("/openapi.json", {{"If-None-Match", "\"x" + tag.substr(1)}}).status, 200);
    expect_problem(http_.get("/openapi.json", {{"If-Match", "\"x\""}}), 412, "condition_failed");
    const auto compressed = http_.get("/openapi.json", {{"Accept-Encoding", "gzip"}});
    EXPECT_NE(compressed.header("ETag"), tag);
}

class GatewayTagsAndUsers : public testing::ConfiguredGateway {
protected:
    void SetUp() override {
        for (const char* user : {"admin", "stranger", "writer", "creator"}) key(user);
        configure(keys_ + R"(
[[rule]]
users = ["admin"]
actions = ["read", "write", "create", "delete"]
patterns = ["**"]
[[rule]]
users = ["writer"]
actions = ["write"]
patterns = ["seat/*"]
[[rule]]
users = ["creator"]
actions = ["create"]
patterns = ["seat/*"]
)");
        client_.put("seat/1", "1").value();
        tag_ = http_.get("/v1/records/seat%2F1", as("admin")).header("ETag");
    }

    std::string tag_;
};

TEST_F(GatewayTagsAndUsers, ConditionsRevealNothingWithoutPermission) {
    const std::string revision = std::to_string(client_.get("seat/1")->revision());
    for (const std::string name : {"seat%2F1", "seat%2Fnone"}) {
        for (const auto& condition : std::vector<std::pair<std::string, std::string>>{
                 {"If-Match", tag_},
                 {"If-Match", "\"1\""},
                 {"If-Match", "\"x\""},
                 {"If-Match", "*"},
                 {"If-None-Match", "*"},
                 {"If-None-Match", tag_},
                 {"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}) {
            auto headers = as("stranger");
            headers.push_back(condition);
            const std::string target = "/v1/records/" + name;
            expect_problem(http_.put(target, "2", headers), 403, "permission_denied");
            expect_problem(http_.remove(target, headers), 403, "permission_denied");
            expect_problem(http_.get(target, headers), 403, "permission_denied");
            headers.emplace_back("Content-Type", "application/merge-patch+json");
            expect_problem(http_.request("PATCH", target, headers, "2"), 403, "permission_denied");
        }
        for (const std::string& condition :
             {"if_revision=" + revision, std::string("if_revision=9999999"),
              std::string("if_version=1"), std::string("if_version=9"), std::string("if_version=0"),
              std::string("if_absent=true")}) {
            expect_problem(http_.put("/v1/records/" + name + "?" + condition, "2", as("stranger")),
                           403, "permission_denied");
        }
        for (const std::string condition :
             {R"("if_version":1)", R"("if_version":9)", R"("if_absent":true)"}) {
            const std::string record = name == "seat%2F1" ? "seat/1" : "seat/none";
            expect_problem(http_.post("/v1/transactions",
                                      R"({"writes":[{"op":"put","name":")" + record +
                                          R"(","document":2,)" + condition + "}]}",
                                      as("stranger")),
                           403, "permission_denied");
        }
    }
    EXPECT_EQ(to_json(client_.get("seat/1")->document()), "1");
}

TEST_F(GatewayTagsAndUsers, ConditionsGrantNoPermission) {
    const auto with = [&](const char* user, const char* name, const std::string& value) {
        auto headers = as(user);
        headers.emplace_back(name, value);
        return headers;
    };
    const std::string here = "/v1/records/seat%2F1";
    const std::string gone = "/v1/records/seat%2F2";
    expect_problem(http_.put(gone, "1", with("writer", "If-None-Match", "*")), 403,
                   "permission_denied");
    expect_problem(http_.put(gone + "?if_version=0", "1", as("writer")), 403, "permission_denied");
    expect_problem(http_.put(gone + "?if_revision=0", "1", as("writer")), 403, "permission_denied");
    expect_problem(http_.post("/v1/transactions",
                              R"({"writes":[{"op":"put","name":"seat/2","document":1,)"
                              R"("if_version":0}]})",
                              as("writer")),
                   403, "permission_denied");
    EXPECT_FALSE(client_.get("seat/2"));
    expect_problem(http_.put(here, "2", with("creator", "If-Match", tag_)), 403,
                   "permission_denied");
    EXPECT_EQ(http_.put(here, "2", with("writer", "If-Match", tag_)).status, 200);
    EXPECT_EQ(http_.put(gone, "1", with("creator", "If-None-Match", "*")).status, 201);
}

}  // namespace
}  // namespace ringside
