#include "tools/gateway/http/conditions.hpp"

#include <gtest/gtest.h>

#include "tools/gateway/http/gzip.hpp"
#include "tools/gateway/http/http_date.hpp"
#include "tools/gateway/http/weighted_list.hpp"

namespace ringside::gateway {
namespace {

using Verdict = Conditions::Verdict;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::time_t modified = 1'784'999'000;

Request request_with(const Fields& fields, http::verb method = http::verb::put) {
    Request request;
    request.message.method(method);
    for (const auto& [name, value] : fields) request.message.insert(name, value);
    return request;
}

/// Evaluates conditions for a representation with the tag "now" and the date `modified`.
Verdict verdict(const Fields& fields, http::verb method, bool exists = true) {
    const Request request = request_with(fields, method);
    const auto conditions = Conditions::parse(request);
    EXPECT_TRUE(conditions);
    const auto has_tag = [](const EntityTag& tag) { return tag.text == "now"; };
    return conditions.value().evaluate({.has_tag = has_tag,
                                        .modified = exists ? std::optional(modified) : std::nullopt,
                                        .exists = exists},
                                       request.is_read());
}
Verdict of_write(const Fields& fields, bool exists = true) {
    return verdict(fields, http::verb::put, exists);
}
Verdict of_read(const Fields& fields) { return verdict(fields, http::verb::get); }

const std::string before = http_date(modified - 1);
const std::string same = http_date(modified);
const std::string after = http_date(modified + 1);

TEST(Conditions, AllLinesOfAListCount) {
    EXPECT_EQ(of_write({{"If-Match", R"("old")"}, {"If-Match", R"("now")"}}), Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Match", R"("old")"}, {"If-Match", R"("older")"}}), Verdict::failed);
    EXPECT_EQ(of_write({{"If-None-Match", R"("old")"}, {"If-None-Match", R"("now")"}}),
              Verdict::failed);
    EXPECT_EQ(of_write({{"If-None-Match", R"("old")"}, {"If-None-Match", R"("older", "x")"}}),
              Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Match", R"(, "old" ,, "now",)"}}), Verdict::proceed);
    EXPECT_EQ(of_read({{"If-None-Match", R"("old")"}, {"if-none-match", R"(W/"now")"}}),
              Verdict::not_modified);
}

TEST(Conditions, MalformedTagsAreRefused) {
    for (const char* name : {"If-Match", "If-None-Match"}) {
        for (const std::string value :
             {"", " ", ",", "now", R"("now)", R"(now")", R"("a" "b")", R"("a"; "b")", "*, *",
              R"(*, "now")", R"("now", *)", "**", R"(w/"now")", R"(W/now)", R"(W/ "now")",
              R"("a b")", "\"a\tb\"", R"("now"x)", R"("a"b")"}) {
            const auto conditions = Conditions::parse(request_with({{name, value}}));
            ASSERT_FALSE(conditions) << name << ": " << value;
            EXPECT_EQ(conditions.error().status, 400U);
        }
        EXPECT_FALSE(Conditions::parse(request_with({{name, "*"}, {name, "*"}})));
    }
}

TEST(Conditions, MatchIsStrongAndNoneMatchIsWeak) {
    EXPECT_EQ(of_write({{"If-Match", R"(W/"now")"}}), Verdict::failed);
    EXPECT_EQ(of_write({{"If-Match", R"(W/"now", "now")"}}), Verdict::proceed);
    EXPECT_EQ(of_write({{"If-None-Match", R"(W/"now")"}}), Verdict::failed);
    EXPECT_EQ(of_read({{"If-None-Match", R"(W/"now")"}}), Verdict::not_modified);
}

TEST(Conditions, StarMatchesWhatExists) {
    EXPECT_EQ(of_write({{"If-Match", "*"}}, true), Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Match", "*"}}, false), Verdict::failed);
    EXPECT_EQ(of_write({{"If-None-Match", "*"}}, true), Verdict::failed);
    EXPECT_EQ(of_write({{"If-None-Match", "*"}}, false), Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Match", R"("now")"}}, false), Verdict::failed);
    EXPECT_EQ(of_write({{"If-None-Match", R"("now")"}}, false), Verdict::proceed);
}

TEST(Conditions, DatesDecideWhereThereAreNoTags) {
    EXPECT_EQ(of_write({{"If-Unmodified-Since", before}}), Verdict::failed);
    EXPECT_EQ(of_write({{"If-Unmodified-Since", same}}), Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Unmodified-Since", after}}), Verdict::proceed);
    EXPECT_EQ(of_read({{"If-Unmodified-Since", before}}), Verdict::failed);
    EXPECT_EQ(of_read({{"If-Modified-Since", before}}), Verdict::proceed);
    EXPECT_EQ(of_read({{"If-Modified-Since", same}}), Verdict::not_modified);
    EXPECT_EQ(of_read({{"If-Modified-Since", after}}), Verdict::not_modified);
    EXPECT_EQ(of_write({{"If-Modified-Since", after}}), Verdict::proceed) << "of reads only";
}

TEST(Conditions, EvaluationFollowsTheOrderOfTheStandard) {
    // A tag takes precedence over the date of its kind.
    EXPECT_EQ(of_write({{"If-Match", R"("now")"}, {"If-Unmodified-Since", before}}),
              Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Unmodified-Since", after}, {"If-Match", R"("old")"}}),
              Verdict::failed);
    EXPECT_EQ(of_read({{"If-None-Match", R"("old")"}, {"If-Modified-Since", after}}),
              Verdict::proceed);
    EXPECT_EQ(of_read({{"If-None-Match", R"("now")"}, {"If-Modified-Since", before}}),
              Verdict::not_modified);
    // If-Match is evaluated before If-None-Match: 412 and not 304.
    EXPECT_EQ(of_read({{"If-None-Match", R"("now")"}, {"If-Match", R"("old")"}}), Verdict::failed);
    EXPECT_EQ(of_read({{"If-None-Match", R"("now")"}, {"If-Match", R"("now")"}}),
              Verdict::not_modified);
    EXPECT_EQ(of_read({{"If-None-Match", R"("now")"}, {"If-Unmodified-Since", before}}),
              Verdict::failed);
}

TEST(Conditions, InvalidDatesAreIgnored) {
    for (const std::string& date : {std::string(), std::string("yesterday"), before + "x",
                                    before + ", " + before, std::string("0")}) {
        EXPECT_EQ(of_write({{"If-Unmodified-Since", date}}), Verdict::proceed) << date;
        EXPECT_EQ(of_read({{"If-Modified-Since", date}}), Verdict::proceed) << date;
    }
    EXPECT_EQ(of_write({{"If-Unmodified-Since", before}, {"If-Unmodified-Since", before}}),
              Verdict::proceed);
    EXPECT_EQ(of_write({{"If-Unmodified-Since", before}}, false), Verdict::proceed)
        << "a missing record has no date (RFC 9110, 13.1.4)";
}

TEST(HttpDate, ThreeFormatsAreParsed) {
    constexpr std::time_t time = 784'111'777;
    EXPECT_EQ(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), time);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), time);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), time);
}

TEST(HttpDate, OtherTextsAreRejected) {
    for (const char* text :
         {"", "Sun", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994  08:49:37 GMT",
          "Wed, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun Nov 06 08:49:37 1994", "1994-11-06T08:49:37Z"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

TEST(WeightedList, WeightsAreParsedIntoThousandths) {
    const auto weight_of = [](std::string_view list) {
        const auto elements = weighted_list(list);
        return elements.size() == 1 ? elements[0].weight : -1;
    };
    EXPECT_EQ(weight_of("a"), 1000);
    EXPECT_EQ(weight_of("a;q=1"), 1000);
    EXPECT_EQ(weight_of("a;q=1.000"), 1000);
    EXPECT_EQ(weight_of("a;q=0"), 0);
    EXPECT_EQ(weight_of("a;q=0.000"), 0);
    EXPECT_EQ(weight_of("a ; Q=0.5"), 500);
    EXPECT_EQ(weight_of("a;x=\"q=0,;\";q=0.25"), 250);
    EXPECT_EQ(weight_of("a;q=0."), 0);
    for (const char* bad : {"a;q=", "a;q=x", "a;q=2", "a;q=1.001", "a;q=0.0001", "a;q=-1", "a;q=.5",
                            "a;q=0,5", ";q=1", "", ",,"}) {
        EXPECT_NE(weight_of(bad), 1000) << bad;
    }
    EXPECT_EQ(weighted_list("a, b;q=0.5 ,, c").size(), 3U);
    EXPECT_EQ(weighted_list("a, b;q=0.5 ,, c")[1].value, "b");
}

TEST(AcceptEncoding, TheHigherWeightWins) {
    const auto accepts = [](const std::string& value) {
        return accepts_gzip(request_with({{"Accept-Encoding", value}}, http::verb::get));
    };
    for (const char* value :
         {"gzip", "GZIP", "x-gzip", "*", "br, gzip", "gzip;q=0.001", "identity;q=0.5, gzip",
          "identity;q=0.5, gzip;q=0.5", "*;q=0.1", "gzip, *;q=0", "identity;q=0, gzip;q=0.1"}) {
        EXPECT_TRUE(accepts(value)) << value;
    }
    for (const char* value : {"", "br", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0",
                              "gzip;q=0, *", "identity, gzip;q=0.5", "identity;q=1, *;q=0.5",
                              "gzip;q=x", "xgzip", "gzip;q=0.5, *;q=0.8"}) {
        EXPECT_FALSE(accepts(value)) << value;
    }
    EXPECT_FALSE(accepts_gzip(request_with({}, http::verb::get)));
    EXPECT_TRUE(accepts_gzip(
        request_with({{"Accept-Encoding", "br"}, {"Accept-Encoding", "gzip"}}, http::verb::get)));
}

TEST(AcceptEncoding, SmallBodyIsCompressedIfIdentityIsRefused) {
    const Request refuses = request_with({{"Accept-Encoding", "gzip, identity;q=0"}});
    EXPECT_TRUE(is_to_be_compressed(refuses, {.body = "small"}));
    EXPECT_FALSE(is_to_be_compressed(refuses, {}));
    const Request accepts = request_with({{"Accept-Encoding", "gzip"}});
    EXPECT_FALSE(is_to_be_compressed(accepts, {.body = "small"}));
}

}  // namespace
}  // namespace ringside::gateway
