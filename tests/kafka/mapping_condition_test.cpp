#include "tests/kafka/mapping_test.hpp"

namespace ringside {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class MappingCondition : public testing::MappingTest {
protected:
    void load_when(const std::string& conditions) {
        load(testing::rule_by_key("when = [" + conditions + "]"));
    }
    bool holds(std::string_view value) { return !map(value).empty(); }

    static std::string error(const std::string& conditions) {
        return testing::mapping_error(testing::rule_by_key("when = [" + conditions + "]"));
    }
};

TEST_F(MappingCondition, EqualsComparesTypeAndValue) {
    load_when("{ field = 'a', equals = 'x' }");
    EXPECT_TRUE(holds(R"({"a":"x"})"));
    EXPECT_FALSE(holds(R"({"a":"y"})"));
    EXPECT_FALSE(holds(R"({"a":null})"));
    EXPECT_FALSE(holds("{}"));
    load_when("{ field = 'a', equals = true }");
    EXPECT_TRUE(holds(R"({"a":true})"));
    EXPECT_FALSE(holds(R"({"a":1})"));
    EXPECT_FALSE(holds(R"({"a":"true"})"));
    load_when("{ field = 'a', equals = 2 }");
    EXPECT_TRUE(holds(R"({"a":2})"));
    EXPECT_TRUE(holds(R"({"a":2.0})"));
    EXPECT_FALSE(holds(R"({"a":"2"})"));
    EXPECT_FALSE(holds(R"({"a":[2]})"));
}

TEST_F(MappingCondition, ComparesLargeNumbersExactly) {
    load_when("{ field = 'a', equals = 9007199254740993 }");
    EXPECT_TRUE(holds(R"({"a":9007199254740993})"));
    EXPECT_FALSE(holds(R"({"a":9007199254740992})"));
    EXPECT_FALSE(holds(R"({"a":9007199254740992.0})"));
    load_when("{ field = 'a', greater = 9223372036854775807 }");
    EXPECT_TRUE(holds(R"({"a":18446744073709551615})"));
    EXPECT_FALSE(holds(R"({"a":9223372036854775807})"));
}

TEST_F(MappingCondition, NotEqualsHoldsAlsoOfNothing) {
    load_when("{ field = 'a', not_equals = 'x' }");
    EXPECT_FALSE(holds(R"({"a":"x"})"));
    EXPECT_TRUE(holds(R"({"a":"y"})"));
    EXPECT_TRUE(holds(R"({"a":1})"));
    EXPECT_TRUE(holds("{}"));
}

TEST_F(MappingCondition, InHoldsOfAnyOfItsValues) {
    load_when("{ field = 'a', in = ['x', 2, true] }");
    EXPECT_TRUE(holds(R"({"a":"x"})"));
    EXPECT_TRUE(holds(R"({"a":2})"));
    EXPECT_TRUE(holds(R"({"a":true})"));
    EXPECT_FALSE(holds(R"({"a":"z"})"));
}

TEST_F(MappingCondition, ExistsTakesNullForNothing) {
    load_when("{ field = 'a', exists = true }");
    EXPECT_TRUE(holds(R"({"a":{}})"));
    EXPECT_TRUE(holds(R"({"a":false})"));
    EXPECT_FALSE(holds(R"({"a":null})"));
    EXPECT_FALSE(holds("{}"));
    load_when("{ field = 'a', exists = false }");
    EXPECT_FALSE(holds(R"({"a":0})"));
    EXPECT_TRUE(holds(R"({"a":null})"));
}

TEST_F(MappingCondition, MatchesTakesTheWholeText) {
    load_when("{ field = 'a', matches = 'seat-[0-9]+' }");
    EXPECT_TRUE(holds(R"({"a":"seat-12"})"));
    EXPECT_FALSE(holds(R"({"a":"a seat-12"})"));
    EXPECT_FALSE(holds(R"({"a":"seat-12b"})"));
    EXPECT_FALSE(holds(R"({"a":12})"));
    EXPECT_FALSE(holds("{}"));
}

TEST_F(MappingCondition, GreaterAndLessMakeARange) {
    load_when("{ field = 'a', greater = 1, less = 2.5 }");
    EXPECT_FALSE(holds(R"({"a":1})"));
    EXPECT_TRUE(holds(R"({"a":2})"));
    EXPECT_TRUE(holds(R"({"a":1.01})"));
    EXPECT_FALSE(holds(R"({"a":2.5})"));
    EXPECT_FALSE(holds(R"({"a":"2"})"));
    EXPECT_FALSE(holds("{}"));
}

TEST_F(MappingCondition, AllMustHold) {
    load_when("{ field = 'a', equals = 1 }, { field = 'b', equals = 2 }");
    EXPECT_TRUE(holds(R"({"a":1,"b":2})"));
    EXPECT_FALSE(holds(R"({"a":1,"b":3})"));
    EXPECT_FALSE(holds(R"({"a":2,"b":2})"));
}

TEST_F(MappingCondition, ReadsHeadersKeyTopicAndNumbersOfTheMessage) {
    load_when("{ field = 'header.source', in = ['host1', 'host2'] }");
    EXPECT_TRUE(
        testing::read_mapping(testing::rule_by_key("when = [{field='header.a',equals='b'}]"))
            ->needs_headers());
    EXPECT_FALSE(testing::read_mapping(testing::rule_by_key())->needs_headers());
    const std::vector<kafka::Header> headers = {{"source", "host2"}};
    EXPECT_THAT(map({.key = "k", .value = "{}", .headers = headers}), ElementsAre("put a/k {}"));
    EXPECT_FALSE(holds("{}"));
    load_when(
        "{ field = 'key', equals = 'k' }, { field = 'topic', equals = 'seats' }, "
        "{ field = 'partition', equals = 3 }, { field = 'offset', greater = 41 }, "
        "{ field = 'timestamp', less = 1700000000001 }");
    EXPECT_TRUE(holds("{}"));
}

TEST_F(MappingCondition, HeadersMayBeBinary) {
    load_when("{ field = 'header.a', not_equals = 'x' }, { field = 'header.b', matches = '.*' }");
    const std::vector<kafka::Header> text = {{"a", "\xFF\x00"}, {"b", "c"}};
    EXPECT_THAT(map({.key = "k", .value = "{}", .headers = text}), ElementsAre("put a/k {}"));
    const std::vector<kafka::Header> binary = {{"a", "\xFF\x00"}, {"b", "\xFF\xFE"}};
    EXPECT_THAT(map({.key = "k", .value = "{}", .headers = binary}), IsEmpty());
}

TEST_F(MappingCondition, ConditionWithoutJsonComesFirst) {
    load_when("{ field = 'a', equals = 1 }, { field = 'key', equals = 'other' }");
    EXPECT_THAT(map("this is no JSON"), IsEmpty());
    load_when("{ field = 'a', equals = 1 }, { field = 'key', equals = 'k' }");
    EXPECT_THAT(map("this is no JSON"), ElementsAre(StartsWith("<bad_json> value: ")));
}

TEST_F(MappingCondition, OnTheValueIsNotAskedOfATombstone) {
    load_when("{ field = 'a', equals = 1 }, { field = 'key', not_equals = 'x' }");
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k"));
    EXPECT_THAT(map_tombstone("x"), IsEmpty());
}

TEST_F(MappingCondition, IsCheckedWhenItIsRead) {
    EXPECT_THAT(error("{ equals = 1 }"),
                StartsWith("kafka.toml:3: condition without a field; set field"));
    EXPECT_THAT(error("{ field = 'a' }"), HasSubstr("set one of equals, not_equals, in"));
    EXPECT_THAT(error("{ field = 'a..b', exists = true }"), HasSubstr("'a..b' is not a path"));
    EXPECT_THAT(error("{ field = 'a', like = 1 }"), HasSubstr("'like' is not an option of"));
    EXPECT_THAT(error("{ field = 'a', equals = [1] }"), HasSubstr("equals must be a string"));
    EXPECT_THAT(error("{ field = 'a', equals = nan }"), HasSubstr("equals must be finite"));
    EXPECT_THAT(error("{ field = 'a', in = 'x' }"), HasSubstr("in must be a list"));
    EXPECT_THAT(error("{ field = 'a', in = [] }"), HasSubstr("in must be a list"));
    EXPECT_THAT(error("{ field = 'a', exists = 1 }"), HasSubstr("exists must be true or false"));
    EXPECT_THAT(error("{ field = 'a', greater = 'x' }"), HasSubstr("greater must be a number"));
    EXPECT_THAT(error("{ field = 'a', matches = '(' }"),
                HasSubstr("not a valid regular expression"));
    EXPECT_THAT(error("{ field = 'header.a', equals = 1 }"), HasSubstr("'header.a' is a string"));
    EXPECT_THAT(error("{ field = 'offset', in = ['1'] }"), HasSubstr("is an integer"));
    EXPECT_THAT(error("{ field = 'offset', matches = '1' }"), HasSubstr("matches needs a string"));
    EXPECT_THAT(error("1"), HasSubstr("when must be a list of conditions"));
    EXPECT_THAT(testing::mapping_error(testing::rule_by_key("when = {}")),
                HasSubstr("when must be a list of conditions"));
}

TEST_F(MappingCondition, HasLimits) {
    std::string many = "{ field = 'a', exists = true }";
    for (int i = 1; i < 64; ++i) many += ", { field = 'a', exists = true }";
    EXPECT_THAT(error(many), IsEmpty());
    EXPECT_THAT(error(many + ", { field = 'a', exists = true }"), HasSubstr("at most 64"));
    std::string values = "0";
    for (int i = 1; i < 1024; ++i) values += "," + std::to_string(i);
    EXPECT_THAT(error("{ field = 'a', in = [" + values + "] }"), IsEmpty());
    EXPECT_THAT(error("{ field = 'a', in = [" + values + ",0] }"), HasSubstr("at most 1024"));
    EXPECT_THAT(error("{ field = 'a', matches = '" + std::string(1025, 'a') + "' }"),
                HasSubstr("at most 1024 bytes"));
    EXPECT_THAT(error("{ field = 'a', matches = '((a{100}){100}){100}' }"),
                HasSubstr("not a valid regular expression"));
}

}  // namespace
}  // namespace ringside
