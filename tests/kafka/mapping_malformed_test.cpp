#include "shm/base/limits.hpp"
#include "tests/kafka/mapping_test.hpp"

namespace ringside {
namespace {

using ::testing::ElementsAre;
using testing::rule_by_key;
using ::testing::StartsWith;

/// Faults of producers. The mapper refuses each, and the next message is not affected.
class MappingMalformed : public testing::MappingTest {
protected:
    void SetUp() override { load(rule_by_key("operation = 'merge'")); }

    void expect_refused(std::string_view value, const std::string& error) {
        EXPECT_THAT(map(value), ElementsAre(StartsWith(error))) << value.substr(0, 80);
        EXPECT_THAT(map(R"({"x":1})"), ElementsAre(R"(merge a/k {"x":1})"));
    }
};

TEST_F(MappingMalformed, NoJson) {
    for (const char* bad : {"", " ", "{", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "nul", "{} {}", "01",
                            "{\"a\":NaN}", "\xEF\xBB\xBF{}", "[1,2", "\"\\q\""}) {
        expect_refused(bad, "<bad_json> value: ");
    }
    expect_refused(std::string_view("\0\0\0\0\x01{}", 7), "<bad_json> value: ");
}

TEST_F(MappingMalformed, BadUtf8) {
    expect_refused("{\"a\":\"\xFF\"}", "<bad_utf8> value: ");
    expect_refused("{\"\xC3\":1}", "<bad_utf8> value: ");
}

TEST_F(MappingMalformed, DuplicateKeys) {
    expect_refused(R"({"a":1,"b":2,"a":3})", "<duplicate_key> value");
}

TEST_F(MappingMalformed, TooDeep) {
    expect_refused(std::string(1000, '[') + std::string(1000, ']'), "<too_deep> value");
}

TEST_F(MappingMalformed, NumbersOutOfRange) {
    expect_refused(R"({"a":1e999})", "<number_out_of_range> value");
    EXPECT_THAT(map(R"({"a":18446744073709551616,"b":-0})"),
                ElementsAre(R"(merge a/k {"a":18446744073709551616.0,"b":-0.0})"));
}

TEST_F(MappingMalformed, APatchMayHaveTwoLevelsMoreThanADocument) {
    const auto nested = [](std::size_t levels) {
        return std::string(levels, '[') + std::string(levels, ']');
    };
    expect_refused(nested(limits::depth_max + 1), "<too_deep> value");
    EXPECT_THAT(map(nested(limits::depth_max)), ElementsAre(StartsWith("merge a/k [")));
    load(rule_by_key("operation = 'json_patch'"));
    const auto patch = [&](std::size_t levels) {
        return R"([{"op":"add","path":"","value":)" + nested(levels) + "}]";
    };
    EXPECT_THAT(map(patch(limits::depth_max)), ElementsAre(StartsWith("json_patch a/k [")));
    EXPECT_THAT(map(patch(limits::depth_max + 1)), ElementsAre(StartsWith("<too_deep>")));
}

TEST_F(MappingMalformed, Huge) {
    expect_refused("\"" + std::string(limits::document_bytes_max, 'x') + "\"",
                   "<document_too_large> value: ");
    expect_refused("{\"" + std::string(limits::key_bytes_max + 1, 'x') + "\":1}",
                   "<key_too_long> value");
}

TEST_F(MappingMalformed, KeyThatIsNotThere) {
    EXPECT_THAT(map({.key = std::nullopt, .value = "{}"}),
                ElementsAre("<path_not_found> no value of 'key'"));
    EXPECT_THAT(map({.key = "", .value = "{}"}), ElementsAre("<bad_name> 'key' is empty"));
}

TEST_F(MappingMalformed, KeyThatIsBinary) {
    EXPECT_THAT(map({.key = std::string_view("\0\1\2\3", 4), .value = "{}"}),
                ElementsAre(StartsWith("<bad_name> ")));
    EXPECT_THAT(map({.key = "\x80/\x80", .value = "{}"}),
                ElementsAre("<bad_name> 'key' contains '/': bytes that are not UTF-8"));
}

TEST_F(MappingMalformed, FailureOfOneRuleTakesTheWritesOfAll) {
    load(rule_by_key() + "[[rule]]\nrecord = 'b/{id}'\n");
    EXPECT_THAT(map("{}"), ElementsAre("<path_not_found> no value of 'id'"));
    EXPECT_THAT(map(R"({"id":1})"), ElementsAre(R"(put a/k {"id":1})", R"(put b/1 {"id":1})"));
}

TEST_F(MappingMalformed, ValueThatNoRuleReadsMayBeAnything) {
    load(rule_by_key("operation = 'remove'\nwhen = [{ field = 'key', matches = 'k.*' }]"));
    EXPECT_THAT(map("\xFF\xFE"), ElementsAre("remove a/k"));
    EXPECT_THAT(map(""), ElementsAre("remove a/k"));
}

TEST_F(MappingMalformed, MovedMapperStillMaps) {
    kafka::Mapper moved = std::move(*mapper_);
    const kafka::MessageView message{.key = "k", .value = "{}"};
    ASSERT_TRUE(moved.map(message));
    EXPECT_EQ(text_of(moved.map(message)->front()), "merge a/k {}");
}

TEST_F(MappingMalformed, MappingServesSeveralMappers) {
    const kafka::Mapping mapping = testing::read_mapping(rule_by_key()).value();
    kafka::Mapper first(mapping);
    kafka::Mapper second(mapping);
    const auto writes = first.map({.key = "1", .value = "{}"});
    ASSERT_TRUE(second.map({.key = "2", .value = "[]"}));
    EXPECT_EQ(text_of(writes->front()), "put a/1 {}");
}

}  // namespace
}  // namespace ringside
