#include "ringside/predicate.hpp"

#include <gtest/gtest.h>

#include "query/filter.hpp"
#include "shm/base/limits.hpp"

namespace ringside {
namespace {

bool passes(const Predicate& predicate, std::string_view json,
            std::string_view name = "event/42/seat/A12") {
    const Document document = Document::parse(json).value();
    const RecordView record(name, document.bytes(), nullptr, 7, 99, 0, 0);
    return query::Filter(predicate).matches({&record, record.document()});
}

TEST(Predicate, ComparableValuesAreCompared) {
    constexpr const char* json = R"({"i":5,"u":18446744073709551615,"r":5.5,"s":"b","t":true})";
    EXPECT_TRUE(passes(field("/i") == 5, json));
    EXPECT_TRUE(passes(field("/i") == 5.0, json));
    EXPECT_TRUE(passes(field("/i") != 6, json));
    EXPECT_TRUE(passes(field("/i") < 5.5, json));
    EXPECT_TRUE(passes(field("/i") <= 5, json));
    EXPECT_FALSE(passes(field("/i") > 5, json));
    EXPECT_TRUE(passes(field("/i") >= 5U, json));
    EXPECT_TRUE(passes(field("/u") > INT64_MAX, json));
    EXPECT_TRUE(passes(field("/u") == UINT64_MAX, json));
    EXPECT_TRUE(passes(field("/r") > 5, json));
    EXPECT_FALSE(passes(field("/r") == 5, json));
    EXPECT_TRUE(passes(field("/s") == "b", json));
    EXPECT_TRUE(passes(field("/s") != std::string("a"), json));
    EXPECT_TRUE(passes(field("/s") < std::string_view("c"), json));
    EXPECT_TRUE(passes(field("/t") == true, json));
    EXPECT_TRUE(passes(field("/t") > false, json));
}

TEST(Predicate, ComparisonsWithMissingOrOtherTypesAreFalse) {
    for (const char* json : {"{}", R"({"a":null})", R"({"a":[1]})", R"({"a":{}})",
                             R"({"a":"text"})", R"({"a":true})", "[]", "5", "null"}) {
        EXPECT_FALSE(passes(field("/a") == 1, json)) << json;
        EXPECT_FALSE(passes(field("/a") != 1, json)) << json;
        EXPECT_FALSE(passes(field("/a") < 1, json)) << json;
        EXPECT_FALSE(passes(field("/a") <= 1, json)) << json;
        EXPECT_FALSE(passes(field("/a") > 1, json)) << json;
        EXPECT_FALSE(passes(field("/a") >= 1, json)) << json;
        EXPECT_TRUE(passes(!(field("/a") == 1), json)) << json;
    }
    EXPECT_FALSE(passes(field("/a") == "1", R"({"a":1})"));
    EXPECT_FALSE(passes(field("/a") != "1", R"({"a":1})"));
    EXPECT_FALSE(passes(field("/a") == 1, R"({"a":true})"));
}

TEST(Predicate, NullDiffersFromMissing) {
    EXPECT_TRUE(passes(is_null("/a"), "{}"));
    EXPECT_TRUE(passes(is_null("/a"), R"({"a":null})"));
    EXPECT_FALSE(passes(is_null("/a"), R"({"a":0})"));
    EXPECT_FALSE(passes(exists("/a"), "{}"));
    EXPECT_TRUE(passes(exists("/a"), R"({"a":null})"));
    EXPECT_TRUE(passes(exists(Field::level(3)), "1"));
    EXPECT_FALSE(passes(exists(Field::level(4)), "1"));
}

TEST(Predicate, InIsEqualityWithAnyOfThem) {
    const Predicate one = in("/a", {1, 5, 3});
    EXPECT_TRUE(passes(one, R"({"a":5})"));
    EXPECT_TRUE(passes(one, R"({"a":3.0})"));
    EXPECT_FALSE(passes(one, R"({"a":2})"));
    EXPECT_FALSE(passes(one, "{}"));
    EXPECT_TRUE(passes(in("/a", {"x", "y"}), R"({"a":"y"})"));
    EXPECT_FALSE(passes(Predicate::any_of("/a", {}), R"({"a":1})"));
    EXPECT_FALSE(passes(Predicate::any_of("/a", {OwnedScalar()}), R"({"a":null})"));
}

TEST(Predicate, StartsWithIsForStrings) {
    EXPECT_TRUE(passes(starts_with("/a", "ab"), R"({"a":"abc"})"));
    EXPECT_FALSE(passes(starts_with("/a", "ab"), R"({"a":"a"})"));
    EXPECT_FALSE(passes(starts_with("/a", "1"), R"({"a":12})"));
    EXPECT_TRUE(passes(starts_with(Field::name(), "event/"), "1"));
}

TEST(Predicate, CombinationsHoldAsTheirTruthTablesSay) {
    for (int bits = 0; bits < 16; ++bits) {
        const auto bit = [&](int i) { return (bits >> i & 1) != 0; };
        const std::string json = std::string(R"({"a":)") + (bit(0) ? "1" : "0") + R"(,"b":)" +
                                 (bit(1) ? "1" : "0") + R"(,"c":)" + (bit(2) ? "1" : "0") +
                                 R"(,"d":)" + (bit(3) ? "1" : "0") + "}";
        const Predicate a = field("/a") == 1;
        const Predicate b = field("/b") == 1;
        const Predicate c = field("/c") == 1;
        const Predicate d = field("/d") == 1;
        EXPECT_EQ(passes((a && b) || (c && d), json), (bit(0) && bit(1)) || (bit(2) && bit(3)));
        EXPECT_EQ(passes((a || b) && (c || d), json), (bit(0) || bit(1)) && (bit(2) || bit(3)));
        EXPECT_EQ(passes(!(a && !b) || !(c || d), json),
                  !(bit(0) && !bit(1)) || !(bit(2) || bit(3)));
        EXPECT_EQ(passes(a && b && c && d, json), bits == 15);
        EXPECT_EQ(passes(!(a || b || c || d), json), bits == 0);
        EXPECT_TRUE(passes(Predicate() && (a || Predicate()), json));
        EXPECT_FALSE(passes(!Predicate() || (!Predicate() && a), json));
    }
}

TEST(Predicate, SaysWhatItDemandsOfAField) {
    const Predicate predicate = field("/a") == "x" && field("/b") > 3 && field("/b") >= 5 &&
                                field("/b") < 10 && field("/c") != 1 &&
                                (field("/d") == 1 || field("/d") == 2) && in("/e", {3, 1, 2}) &&
                                in("/e", {2, 3, 4});
    EXPECT_EQ(*predicate.constraint_on("/a")->any_of,
              std::vector<OwnedScalar>{Scalar::string("x")});
    const auto b = predicate.constraint_on("/b").value();
    EXPECT_FALSE(b.any_of);
    EXPECT_EQ(*b.low, Scalar::integer(5));
    EXPECT_TRUE(b.includes_low);
    EXPECT_EQ(*b.high, Scalar::integer(10));
    EXPECT_FALSE(b.includes_high);
    EXPECT_FALSE(predicate.constraint_on("/c")) << "everything but one is no help";
    EXPECT_FALSE(predicate.constraint_on("/d")) << "only what must hold by itself";
    EXPECT_EQ(*predicate.constraint_on("/e")->any_of,
              (std::vector<OwnedScalar>{Scalar::integer(2), Scalar::integer(3)}));
    EXPECT_FALSE(predicate.constraint_on("/f"));
    EXPECT_FALSE(Predicate().constraint_on("/a"));
    EXPECT_TRUE((field(std::string("/a")) == 1).constraint_on("/a"));
    EXPECT_FALSE((!(field("/a") == 1)).constraint_on("/a"));
}

TEST(Predicate, KeepsItsMistakes) {
    EXPECT_EQ((field("/a") == 1 && field("b") == 2).error()->code, Errc::bad_pointer);
    EXPECT_EQ((!exists("b")).error()->code, Errc::bad_pointer);
    EXPECT_FALSE((field("/a") == 1).error());
}

TEST(Predicate, HasALimitOfConditions) {
    Predicate many;
    for (std::size_t i = 0; i < limits::query_conditions_max; ++i) many = many && exists("/a");
    EXPECT_FALSE(many.error());
    EXPECT_TRUE(passes(many, R"({"a":1})"));
    EXPECT_EQ((many && exists("/a")).error()->code, Errc::query_too_large);

    Predicate deep = exists("/a");
    for (std::size_t i = 1; i < limits::query_conditions_depth_max; ++i) deep = !deep;
    EXPECT_FALSE(deep.error());
    EXPECT_EQ((!deep).error()->code, Errc::query_too_large);
    for (int i = 0; i < 100'000; ++i) deep = !deep;
    EXPECT_EQ(deep.error()->code, Errc::query_too_large);
}

}  // namespace
}  // namespace ringside
