#include "shm/base/limits.hpp"
#include "tests/kafka/mapping_test.hpp"

namespace ringside {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class MappingName : public testing::MappingTest {
protected:
    void load_name(const std::string& name) { load("[[rule]]\nrecord = '" + name + "'\n"); }
};

TEST_F(MappingName, IsMadeOfMembersOfTheValue) {
    load_name("event/{event_id}/seat/{value.seat.row}-{/seat/no}-{tags.1}{is_open}");
    EXPECT_THAT(map(R"({"event_id":7,"seat":{"row":"A","no":18446744073709551615},"tags":[1,2],)"
                    R"("is_open":true})"),
                ElementsAre(StartsWith("put event/7/seat/A-18446744073709551615-2true {")));
}

TEST_F(MappingName, IsMadeOfTheMessageAround) {
    load_name("{topic}/{partition}/{offset}/{timestamp}/{key}");
    EXPECT_THAT(map("{}"), ElementsAre("put seats/3/42/1700000000000/k {}"));
}

TEST_F(MappingName, IsMadeOfMembersOfAKeyThatIsJson) {
    load_name("a/{key.id.n}");
    kafka::MessageView message{.key = R"({"id":{"n":5}})", .value = "{}"};
    EXPECT_THAT(map(message), ElementsAre("put a/5 {}"));
    message.key = "plain";
    EXPECT_THAT(map(message), ElementsAre(StartsWith("<bad_json> key: ")));
    message.key = std::nullopt;
    EXPECT_THAT(map(message), ElementsAre("<path_not_found> no value of 'key.id.n'"));
}

TEST_F(MappingName, IsMadeOfTheLastHeaderOfAName) {
    load_name("a/{header.x.y}");
    const std::vector<kafka::Header> headers = {{"x.y", "1"}, {"x.y", "2"}, {"z", "3"}};
    kafka::MessageView message{.value = "{}", .headers = headers};
    EXPECT_THAT(map(message), ElementsAre("put a/2 {}"));
    const std::vector<kafka::Header> null_header = {{"x.y", std::nullopt}};
    message.headers = null_header;
    EXPECT_THAT(map(message), ElementsAre("<path_not_found> no value of 'header.x.y'"));
}

TEST_F(MappingName, NeedsEachOfItsFields) {
    load_name("a/{b.c}");
    EXPECT_THAT(map("{}"), ElementsAre("<path_not_found> no value of 'b.c'"));
    EXPECT_THAT(map(R"({"b":{"c":null}})"), ElementsAre("<path_not_found> no value of 'b.c'"));
    EXPECT_THAT(map(R"({"b":[{"c":1}]})"), ElementsAre("<path_not_found> no value of 'b.c'"));
    EXPECT_THAT(map("17"), ElementsAre("<path_not_found> no value of 'b.c'"));
}

TEST_F(MappingName, HasNoRealsObjectsOrArrays) {
    load_name("a/{b}");
    EXPECT_THAT(map(R"({"b":1.5})"), ElementsAre(HasSubstr("<bad_document> 'b' is 1.5")));
    EXPECT_THAT(map(R"({"b":{}})"), ElementsAre(HasSubstr("<bad_document> 'b' is an object")));
    EXPECT_THAT(map(R"({"b":[]})"), ElementsAre(HasSubstr("<bad_document> 'b' is an array")));
}

TEST_F(MappingName, RefusesAFieldThatIsEmptyOrHasASlash) {
    load_name("a/x{b}");
    EXPECT_THAT(map(R"({"b":""})"), ElementsAre("<bad_name> 'b' is empty"));
    EXPECT_THAT(map(R"({"b":"c/d"})"), ElementsAre("<bad_name> 'b' contains '/': 'c/d'"));
}

TEST_F(MappingName, PathFieldMayContainLevels) {
    load_name("a/{b:path}");
    EXPECT_THAT(map(R"({"b":"c/d"})"), ElementsAre(StartsWith("put a/c/d {")));
    EXPECT_THAT(map(R"({"b":"c//d"})"), ElementsAre(StartsWith("<bad_name> empty level")));
    EXPECT_THAT(map(R"({"b":"/c"})"), ElementsAre(StartsWith("<bad_name> empty level")));
}

TEST_F(MappingName, IsRefusedWhereARecordCannotHaveIt) {
    load_name("{key}");
    kafka::MessageView message{.value = "{}"};
    const auto mapped = [&](std::string_view key) {
        message.key = key;
        return map(message);
    };
    EXPECT_THAT(mapped("a*b"), ElementsAre(StartsWith("<bad_name> '*'")));
    EXPECT_THAT(mapped("a\nb"), ElementsAre(StartsWith("<bad_name> control character")));
    EXPECT_THAT(mapped("\xFF\xFE"), ElementsAre("<bad_name> not UTF-8"));
    EXPECT_THAT(mapped("$grid"), ElementsAre(StartsWith("<reserved_name>")));
    EXPECT_THAT(mapped(std::string(limits::name_bytes_max + 1, 'a')),
                ElementsAre(StartsWith("<name_too_long>")));
    EXPECT_THAT(mapped(std::string(1 << 20, 'a')), ElementsAre(StartsWith("<name_too_long>")));
    EXPECT_THAT(mapped(std::string(limits::name_bytes_max, 'a')),
                ElementsAre(StartsWith("put aaa")));
}

TEST_F(MappingName, LeavesTheToolsOwnRecordsAlone) {
    load_name("{a:path}");
    EXPECT_THAT(map(R"({"a":"kafka/ringside/seats/0"})"),
                ElementsAre(StartsWith("<reserved_name>")));
    EXPECT_THAT(map(R"({"a":"kafka"})"), ElementsAre(StartsWith("<reserved_name>")));
    EXPECT_THAT(map(R"({"a":"kafkaesque/x"})"), ElementsAre(StartsWith("put kafkaesque/x")));
}

TEST_F(MappingName, CutsWhatItShowsOfALongText) {
    load_name("a/{b}");
    const std::string text = "x/" + std::string(61, 'a') + "€€€";
    EXPECT_THAT(map("{\"b\":\"" + text + "\"}"),
                ElementsAre("<bad_name> 'b' contains '/': 'x/" + std::string(61, 'a') + "…'"));
}

TEST_F(MappingName, IsCheckedWhenItIsRead) {
    const auto error = [](const std::string& name) {
        return testing::mapping_error("\n[[rule]]\nrecord = '" + name + "'\n");
    };
    EXPECT_THAT(error("a/{b"), StartsWith("kafka.toml:3: record: 'a/{b' has '{' without"));
    EXPECT_THAT(error("a/b}"), StartsWith("kafka.toml:3: record: 'a/b}' has '}' without"));
    EXPECT_THAT(error("a/{}"), StartsWith("kafka.toml:3: record: '' is not a path"));
    EXPECT_THAT(error("a/{b..c}"), StartsWith("kafka.toml:3: record: 'b..c' is not a path"));
    EXPECT_THAT(error("a/{/b~2}"),
                StartsWith("kafka.toml:3: record: '/b~2' is not a JSON Pointer"));
    EXPECT_THAT(error("a/{header}"), HasSubstr("'header' names no header"));
    EXPECT_THAT(error("a/{topic.x}"), HasSubstr("write value.topic.x"));
    EXPECT_THAT(error("a//{b}"), HasSubstr("empty level at byte 2 in 'a//x'"));
    EXPECT_THAT(error("a/*/{b}"), HasSubstr("'*'"));
    EXPECT_THAT(error("$a/{b}"), HasSubstr("'$'"));
    EXPECT_THAT(error("kafka/{b}"), HasSubstr("belong to this tool"));
    EXPECT_THAT(error(""), HasSubstr("must not be empty"));
    EXPECT_THAT(error("kafka{b}"), IsEmpty());
}

TEST_F(MappingName, HasLimits) {
    const auto error = [](const std::string& name) {
        return testing::mapping_error("[[rule]]\nrecord = '" + name + "'\n");
    };
    std::string fields;
    for (int i = 0; i < 64; ++i) fields += "{a}";
    EXPECT_THAT(error(fields), IsEmpty());
    EXPECT_THAT(error(fields + "{a}"), HasSubstr("exceeds 64 fields"));
    EXPECT_THAT(error(std::string(4097, 'a')), HasSubstr("exceeds 4096 bytes"));
    std::string path = "a";
    for (int i = 1; i < 64; ++i) path += ".a";
    EXPECT_THAT(error("{" + path + "}"), IsEmpty());
    EXPECT_THAT(error("{" + path + ".a}"), HasSubstr("more than 64 members"));
}

}  // namespace
}  // namespace ringside
