#include "shm/base/limits.hpp"
#include "tests/kafka/mapping_test.hpp"

namespace ringside {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::mapping_error;
using testing::rule_by_key;
using ::testing::StartsWith;

class MappingOperation : public testing::MappingTest {};

TEST_F(MappingOperation, IsPutUnlessTheRuleSaysOtherwise) {
    load(rule_by_key());
    EXPECT_EQ(map_one(R"({"x":1})"), R"(put a/k {"x":1})");
    load(rule_by_key("operation = 'put'"));
    EXPECT_EQ(map_one("[1,\"a\"]"), R"(put a/k [1,"a"])");
    load(rule_by_key("operation = 'merge'"));
    EXPECT_EQ(map_one(R"({"x":null})"), R"(merge a/k {"x":null})");
    load(rule_by_key("operation = 'remove'"));
    EXPECT_EQ(map_one("what is no JSON is not read"), "remove a/k");
    load(rule_by_key("operation = 'json_patch'"));
    EXPECT_EQ(map_one(R"([{"op":"remove","path":"/a"}])"),
              R"(json_patch a/k [{"op":"remove","path":"/a"}])");
    EXPECT_THAT(map_one("{}"), HasSubstr("<bad_patch> patch is an object"));
}

TEST_F(MappingOperation, IsWhatAFieldStandsFor) {
    load(
        rule_by_key("operation = { field = 'op', put = ['c', 1], merge = ['u'], "
                    "remove = ['d', false], json_patch = ['p'] }\ndocument = 'd'"));
    EXPECT_EQ(map_one(R"({"op":"c","d":{}})"), "put a/k {}");
    EXPECT_EQ(map_one(R"({"op":1,"d":{}})"), "put a/k {}");
    EXPECT_EQ(map_one(R"({"op":"u","d":{}})"), "merge a/k {}");
    EXPECT_EQ(map_one(R"({"op":"p","d":[]})"), "json_patch a/k []");
    EXPECT_EQ(map_one(R"({"op":"d","d":null})"), "remove a/k");
    EXPECT_EQ(map_one(R"({"op":false})"), "remove a/k");
    EXPECT_EQ(map_one(R"({"op":"x","d":{}})"),
              "<bad_document> 'op' is 'x', which selects no operation");
    EXPECT_EQ(map_one(R"({"d":{}})"), "<path_not_found> no value of 'op'");
}

TEST_F(MappingOperation, TombstoneRemovesTheRecord) {
    load(rule_by_key("operation = 'merge'"));
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k"));
    load(rule_by_key("operation = { field = 'op', put = ['c'] }\nignore_missing = false"));
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k strictly"));
    load(rule_by_key("tombstone = 'skip'"));
    EXPECT_THAT(map_tombstone("k"), IsEmpty());
    load(rule_by_key("tombstone = 'dead_letter'"));
    EXPECT_THAT(map_tombstone("k"),
                ElementsAre(HasSubstr("<bad_document> message is a tombstone")));
    load(rule_by_key("tombstone = 'remove'"));
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k"));
    EXPECT_THAT(map({.key = std::nullopt, .value = std::nullopt}),
                ElementsAre("<path_not_found> no value of 'key'"));
}

TEST_F(MappingOperation, TombstoneHasNoFieldsOfTheMessageBefore) {
    load("[[rule]]\nrecord = 'a/{id}'\n");
    EXPECT_EQ(map_one(R"({"id":1})"), R"(put a/1 {"id":1})");
    EXPECT_THAT(map_tombstone("k"), ElementsAre("<path_not_found> no value of 'id'"));
}

TEST_F(MappingOperation, RemoveMayInsistOnItsRecord) {
    load(rule_by_key("operation = 'remove'\nignore_missing = false"));
    EXPECT_EQ(map_one("{}"), "remove a/k strictly");
    load(rule_by_key("operation = 'remove'\nignore_missing = true"));
    EXPECT_EQ(map_one("{}"), "remove a/k");
}

TEST_F(MappingOperation, EachRuleThatAppliesMakesAWriteInOrder) {
    load(R"(
[[rule]]
when = [{ field = 'kind', equals = 'seat' }]
record = 'seat/{id}'
[[rule]]
record = 'by-price/{price}/{id}'
[[rule]]
when = [{ field = 'kind', equals = 'row' }]
record = 'row/{id}'
[[rule]]
record = 'latest'
operation = 'merge'
)");
    EXPECT_THAT(map(R"({"id":1,"kind":"seat","price":9})"),
                ElementsAre(StartsWith("put seat/1 {"), StartsWith("put by-price/9/1 {"),
                            StartsWith("merge latest {")));
    EXPECT_THAT(map(R"({"id":1,"kind":"seat"})"),
                ElementsAre("<path_not_found> no value of 'price'"));
}

TEST_F(MappingOperation, ARecordIsRemovedOnceByOneMessage) {
    load(rule_by_key() + rule_by_key() + "[[rule]]\nrecord = 'b'\n");
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k", "remove b"));
    load(rule_by_key("operation = 'remove'") + rule_by_key() + rule_by_key("operation = 'remove'"));
    EXPECT_THAT(map("{}"), ElementsAre("remove a/k", "put a/k {}", "remove a/k"));
}

TEST_F(MappingOperation, MessageWithoutARuleIsSkippedOrADeadLetter) {
    const std::string rules = rule_by_key("when = [{ field = 'a', equals = 1 }]");
    load(rules);
    EXPECT_THAT(map("{}"), IsEmpty());
    load("unmatched = 'skip'\n" + rules);
    EXPECT_THAT(map("{}"), IsEmpty());
    load("unmatched = 'dead_letter'\n" + rules);
    EXPECT_EQ(map_one("{}"), "<bad_document> no rule matches this message");
    EXPECT_EQ(map_one(R"({"a":1})"), R"(put a/k {"a":1})");
    load("unmatched = 'dead_letter'\n" + rule_by_key("tombstone = 'skip'"));
    EXPECT_THAT(map_tombstone("k"), IsEmpty()) << "a rule was for it";
}

TEST_F(MappingOperation, RecordLivesAsLongAsTheRuleSays) {
    load(rule_by_key("ttl = '5m'"));
    EXPECT_EQ(map_one("{}"), "put a/k {} ttl 300000");
    EXPECT_THAT(map_tombstone("k"), ElementsAre("remove a/k"));
    load(rule_by_key("ttl = { field = 'header.ttl' }"));
    const std::vector<kafka::Header> headers = {{"ttl", "250"}};
    EXPECT_THAT(map({.key = "k", .value = "{}", .headers = headers}),
                ElementsAre("put a/k {} ttl 250"));
    load(rule_by_key("ttl = { field = 't' }\ninclude = ['x']"));
    EXPECT_EQ(map_one(R"({"t":7})"), "put a/k {} ttl 7");
    EXPECT_EQ(map_one("{}"), "put a/k {}");
    EXPECT_EQ(map_one(R"({"t":null})"), "put a/k {}");
    for (const char* bad : {"0", "-1", "1.5", "\"5m\"", "\"\"", "true", "[]", "315360000001"}) {
        EXPECT_THAT(map_one("{\"t\":" + std::string(bad) + "}"), StartsWith("<bad_ttl> t: "));
    }
}

TEST_F(MappingOperation, IsCheckedWhenItIsRead) {
    const auto error = [](const std::string& lines) { return mapping_error(rule_by_key(lines)); };
    EXPECT_THAT(error("operation = 'patch'"),
                StartsWith("kafka.toml:3: operation must be one of 'put' 'merge'"));
    EXPECT_THAT(error("operation = 1"), HasSubstr("operation must be one of"));
    EXPECT_THAT(error("operation = { put = ['c'] }"), HasSubstr("set field"));
    EXPECT_THAT(error("operation = { field = 'a' }"),
                HasSubstr("the values of at least one operation"));
    EXPECT_THAT(error("operation = { field = 'a', puts = ['a'] }"), HasSubstr("'puts'"));
    EXPECT_THAT(error("operation = { field = 'a', put = [] }"), HasSubstr("put must be a list"));
    EXPECT_THAT(error("operation = { field = 'a', put = ['x'], remove = ['x'] }"),
                HasSubstr("value selects two operations"));
    EXPECT_THAT(error("operation = { field = 'header.a', put = [1] }"), HasSubstr("is a string"));
    EXPECT_THAT(error("tombstone = 'delete'"), HasSubstr("tombstone must be one of"));
    EXPECT_THAT(error("ignore_missing = 'no'"), HasSubstr("must be true or false"));
    EXPECT_THAT(error("ttl = '5 minutes'"), HasSubstr("is not a duration"));
    EXPECT_THAT(error("ttl = 5"), HasSubstr("ttl must be a string"));
    EXPECT_THAT(error("ttl = '0s'"), HasSubstr("ttl: '0s' is too short"));
    EXPECT_THAT(error("ttl = '3651d'"), HasSubstr("is not a duration"));
    EXPECT_THAT(error("ttl = {}"), HasSubstr("ttl without a field; set field"));
    EXPECT_THAT(error("ttl = { file = 'a' }"), HasSubstr("'file' is not an option of"));
    EXPECT_THAT(error("colour = 1"), HasSubstr("'colour' is not an option of a rule"));
    EXPECT_THAT(error("operation = 'remove'\nttl = '1s'"), HasSubstr("ttl has no effect"));
    EXPECT_THAT(error("operation = 'remove'\nset = { a = 1 }"), HasSubstr("set has no effect"));
    EXPECT_THAT(error("operation = 'json_patch'\ninclude = ['a']"),
                HasSubstr("include has no effect"));
    EXPECT_THAT(mapping_error("[[rule]]\noperation = 'put'\n"),
                StartsWith("kafka.toml:1: rule without a record; set record"));
    EXPECT_THAT(mapping_error("unmatched = 'drop'\n" + rule_by_key()),
                StartsWith("kafka.toml:1: unmatched must be one of 'skip' 'dead_letter'"));
    EXPECT_THAT(mapping_error("name = 'seats'"), HasSubstr("topic has no rule"));
    EXPECT_THAT(mapping_error("rule = 1"),
                HasSubstr("rule must be an array of tables; write [[rule]]"));
    EXPECT_THAT(mapping_error("[rule]\nrecord = 'a'"),
                HasSubstr("rule must be an array of tables; write [[rule]]"));
}

TEST_F(MappingOperation, HasLimits) {
    std::string rules;
    for (int i = 0; i < 64; ++i) rules += rule_by_key();
    EXPECT_THAT(mapping_error(rules), IsEmpty());
    EXPECT_THAT(mapping_error(rules + rule_by_key()), HasSubstr("more than 64 rules"));
    load(rules);
    EXPECT_THAT(map("{}"), ::testing::SizeIs(64));
}

}  // namespace
}  // namespace ringside
