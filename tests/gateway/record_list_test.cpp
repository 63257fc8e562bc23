#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::HttpResponse;
using ::testing::Not;

class GatewayRecordList : public testing::GatewayTest {
protected:
    /// Returns the names of a page in order.
    static std::string names(const HttpResponse& page) {
        const auto document = Document::parse(page.body);
        if (!document) return "not JSON: " + page.body;
        std::string all;
        for (const Value record : document->root()["records"].elements()) {
            all += std::string(*record["name"].as_string()) + " ";
        }
        return all;
    }
    /// Returns the target of the next page, or an empty text if there is none.
    static std::string next(const HttpResponse& page) {
        const auto document = Document::parse(page.body);
        const auto text = document->root()["next"].as_string();
        return text ? std::string(*text) : std::string();
    }
};

TEST_F(GatewayRecordList, MatchingRecordsAreInOrderOfNames) {
    for (const char* name : {"b/1", "a/2", "a/10", "c"}) client_.put(name, "{}").value();
    EXPECT_EQ(names(http_.get("/v1/records")), "a/10 a/2 b/1 c ");
    EXPECT_EQ(names(http_.get("/v1/records?pattern=a/*")), "a/10 a/2 ");
    EXPECT_EQ(names(http_.get("/v1/records?pattern=nothing/**")), "");
    EXPECT_EQ(names(http_.get("/v1/records?after=a/2")), "b/1 c ");
    EXPECT_EQ(names(http_.get("/v1/records?pattern=*%2F*&after=a%2F10&limit=1")), "a/2 ");
}

TEST_F(GatewayRecordList, EachRecordHasItsMetadata) {
    client_.put("a", R"({"n":1})").value();
    const auto record = client_.get("a").value();
    const auto page = http_.get("/v1/records");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "application/json");
    EXPECT_EQ(page.body, R"({"revision":)" + member(page, "revision") +
                             R"(,"records":[{"name":"a","version":1,"revision":)" +
                             std::to_string(record.revision()) + R"(,"updated":)" +
                             std::to_string(record.updated_ns() / 1'000'000) +
                             R"(,"document":{"n":1}}]})");
    EXPECT_EQ(member(page, "next"), "");
    EXPECT_THAT(http_.get("/v1/records?documents=false").body, Not(HasSubstr("document")));
}

TEST_F(GatewayRecordList, PagesAreOfOneRevision) {
    for (int i = 10; i < 15; ++i) client_.put("r/" + std::to_string(i), "1").value();
    auto page = http_.get("/v1/records?pattern=r/*&limit=2");
    const std::string revision = member(page, "revision");
    std::string all = names(page);
    client_.remove("r/13").value();
    client_.put("r/145", "1").value();
    int pages = 1;
    for (std::string target = next(page); !target.empty(); target = next(page), ++pages) {
        page = http_.get(target);
        ASSERT_EQ(page.status, 200) << page.body;
        EXPECT_EQ(member(page, "revision"), revision);
        all += names(page);
    }
    EXPECT_EQ(all, "r/10 r/11 r/12 r/13 r/14 ");
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(names(http_.get("/v1/records?pattern=r/*")), "r/10 r/11 r/12 r/14 r/145 ");
}

TEST_F(GatewayRecordList, PastOrFutureRevisionIsRefused) {
    for (int i = 0; i < 20; ++i) client_.put("a", std::to_string(i)).value();
    expect_problem(http_.get("/v1/records?revision=999999999"), 400, "future_revision");
    EXPECT_TRUE(testing::eventually([&] {
        for (int i = 0; i < 100; ++i) client_.put("a", std::to_string(i)).value();
        return http_.get("/v1/records?revision=2").status == 410;
    }));
    expect_problem(http_.get("/v1/records?revision=2"), 410, "compacted");
}

TEST_F(GatewayRecordList, BadParametersAreRefused) {
    for (const std::string parameters : {"limit=0", "limit=1001", "limit=x", "revision=-1",
                                         "documents=no", "patern=a", "limit=", "limit=1%20"}) {
        expect_problem(http_.get("/v1/records?" + parameters), 400, "bad_parameter");
    }
    expect_problem(http_.get("/v1/records?pattern=a//b"), 400, "bad_pattern");
    const auto refused = http_.put("/v1/records", "1");
    expect_problem(refused, 405, "method_not_allowed");
    EXPECT_EQ(refused.header("Allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace ringside
