#include "tests/kafka/mapping_test.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::mapping_error;
using testing::rule_by_key;
using ::testing::StartsWith;

class MappingShape : public testing::MappingTest {
protected:
    /// Returns the resulting document of a message, or the error.
    std::string shaped(std::string_view value) {
        std::string line = map_one(value);
        if (line.starts_with("put a/k ")) line.erase(0, 8);
        return line;
    }
    void load_shape(const std::string& lines) { load(rule_by_key(lines)); }

    static std::string error(const std::string& lines) { return mapping_error(rule_by_key(lines)); }
};

TEST_F(MappingShape, DocumentIsAPartOfTheValue) {
    load_shape("document = 'after.row'");
    EXPECT_EQ(shaped(R"({"after":{"row":{"x":[1,{"y":"z"}]}},"op":"c"})"),
              R"({"x":[1,{"y":"z"}]})");
    EXPECT_EQ(shaped(R"({"after":null})"), "<path_not_found> no value of 'after.row'");
    EXPECT_EQ(shaped(R"({"after":{"row":5}})"),
              "<bad_document> 'after.row' is 5; expected an object or an array");
    load_shape("document = 'items.1'");
    EXPECT_EQ(shaped(R"({"items":[{},{"b":1}]})"), R"({"b":1})");
    load_shape("document = 'value'");
    EXPECT_EQ(shaped("17"), "17");
}

TEST_F(MappingShape, IncludeKeepsOnlyWhatItNames) {
    load_shape("include = ['a', 'b.c', '/d.e']");
    EXPECT_EQ(shaped(R"({"a":{"x":1},"b":{"c":2,"d":3},"d.e":4,"f":5})"),
              R"({"a":{"x":1},"b":{"c":2},"d.e":4})");
    EXPECT_EQ(shaped(R"({"b":{"d":3},"f":5})"), "{}");
    EXPECT_EQ(shaped(R"({"a":null,"b":7})"), R"({"a":null})");
}

TEST_F(MappingShape, ExcludeLeavesOutWhatItNames) {
    load_shape("exclude = ['internal', 'meta.trace']");
    EXPECT_EQ(shaped(R"({"a":1,"internal":{"x":1},"meta":{"trace":"t","user":"u"}})"),
              R"({"a":1,"meta":{"user":"u"}})");
    EXPECT_EQ(shaped(R"({"meta":"text"})"), R"({"meta":"text"})");
    EXPECT_EQ(shaped(R"({"meta":[{"trace":1}]})"), R"({"meta":[{"trace":1}]})");
    EXPECT_EQ(shaped(R"({"meta":{"trace":1}})"), R"({"meta":{}})");
}

TEST_F(MappingShape, RenameMovesMembersFromAnywhereToAnywhere) {
    load_shape("rename = { seatStatus = 'status', 'cost.amount' = 'price', x = 'deep.er.x' }");
    EXPECT_EQ(shaped(R"({"cost":{"amount":5},"seatStatus":"held","x":[1]})"),
              R"({"deep":{"er":{"x":[1]}},"price":5,"status":"held"})");
    EXPECT_EQ(shaped(R"({"cost":{"amount":null,"currency":"EUR"},"deep":{"er":{"y":1},"z":2},)"
                     R"("x":1})"),
              R"({"cost":{"currency":"EUR"},"deep":{"er":{"x":1,"y":1},"z":2},"price":null})");
    EXPECT_EQ(shaped(R"({"status":"kept","deep":3})"), R"({"deep":3,"status":"kept"})");
    EXPECT_EQ(shaped(R"({"status":"replaced","seatStatus":1,"deep":3,"x":2})"),
              R"({"deep":{"er":{"x":2}},"status":1})");
}

TEST_F(MappingShape, RenameCanSwapAndNest) {
    load_shape("rename = { a = 'b', b = 'a' }");
    EXPECT_EQ(shaped(R"({"a":1,"b":2})"), R"({"a":2,"b":1})");
    EXPECT_EQ(shaped(R"({"a":1})"), R"({"b":1})");
    load_shape("rename = { a = 'a.b' }");
    EXPECT_EQ(shaped(R"({"a":{"c":1}})"), R"({"a":{"b":{"c":1}}})");
    load_shape("rename = { a = 'b', 'a.c' = 'd' }");
    EXPECT_EQ(shaped(R"({"a":{"c":1,"e":2}})"), R"({"b":{"e":2},"d":1})");
    load_shape("rename = { a = 'b', c = 'b.c' }");
    EXPECT_EQ(shaped(R"({"a":{"x":1},"c":2})"), R"({"b":{"c":2,"x":1}})");
}

TEST_F(MappingShape, ConvertChangesTypes) {
    load_shape(
        "convert = { i = 'integer', n = 'number', b = 'boolean', s = 'string', "
        "t = 'timestamp_ms', 'deep.i' = 'integer' }");
    EXPECT_EQ(shaped(R"({"i":"12","n":"1.5","b":"true","s":12,"t":"1970-01-01T00:00:01Z"})"),
              R"({"b":true,"i":12,"n":1.5,"s":"12","t":1000})");
    EXPECT_EQ(shaped(R"({"i":12.0,"n":3,"b":0,"s":1.5,"t":1000,"deep":{"i":"-1","x":"1"}})"),
              R"({"b":false,"deep":{"i":-1,"x":"1"},"i":12,"n":3.0,"s":"1.5","t":1000})");
    EXPECT_EQ(shaped(R"({"i":null,"n":null,"b":null,"s":null,"t":null,"other":"1"})"),
              R"({"b":null,"i":null,"n":null,"other":"1","s":null,"t":null})");
    EXPECT_EQ(shaped(R"({"i":7,"n":2.5,"b":true,"s":"x","t":7})"),
              R"({"b":true,"i":7,"n":2.5,"s":"x","t":7})");
    EXPECT_EQ(shaped("{}"), "{}");
}

TEST_F(MappingShape, ConvertAcceptsExactValues) {
    load_shape("convert = { i = 'integer', n = 'number', b = 'boolean', s = 'string' }");
    EXPECT_EQ(shaped(R"({"i":"18446744073709551615"})"), R"({"i":18446744073709551615})");
    EXPECT_EQ(shaped(R"({"i":"-9223372036854775808"})"), R"({"i":-9223372036854775808})");
    EXPECT_EQ(shaped(R"({"i":1e19})"), R"({"i":10000000000000000000})");
    EXPECT_EQ(shaped(R"({"i":-0.0})"), R"({"i":0})");
    EXPECT_EQ(shaped(R"({"n":"-1e-3"})"), R"({"n":-0.001})");
    EXPECT_EQ(shaped(R"({"n":9007199254740992})"), R"({"n":9007199254740992.0})");
    for (const char* yes : {"true", "True", "TRUE", "1"}) {
        EXPECT_EQ(shaped("{\"b\":\"" + std::string(yes) + "\"}"), R"({"b":true})");
    }
    for (const char* no : {"false", "False", "FALSE", "0"}) {
        EXPECT_EQ(shaped("{\"b\":\"" + std::string(no) + "\"}"), R"({"b":false})");
    }
    EXPECT_EQ(shaped(R"({"s":true})"), R"({"s":"true"})");
    EXPECT_EQ(shaped(R"({"s":18446744073709551615})"), R"({"s":"18446744073709551615"})");
}

TEST_F(MappingShape, ConvertRefusesInexactValues) {
    load_shape(
        "convert = { price = 'integer', n = 'number', b = 'boolean', s = 'string', "
        "t = 'timestamp_ms' }");
    EXPECT_EQ(shaped(R"({"price":"abc"})"), "<bad_document> price: 'abc' is not a valid integer");
    for (const char* bad : {"\"\"", "\" 1\"", "\"1 \"", "\"1.5\"", "1.5", "true", "[]", "{}"}) {
        EXPECT_THAT(shaped("{\"price\":" + std::string(bad) + "}"),
                    StartsWith("<bad_document> price: "));
    }
    for (const char* large : {"\"18446744073709551616\"", "\"-9223372036854775809\"", "1e20"}) {
        EXPECT_THAT(shaped("{\"price\":" + std::string(large) + "}"),
                    StartsWith("<number_out_of_range> price: "));
    }
    for (const char* bad : {"\"\"", "\"x\"", "\"nan\"", "\"inf\"", "true", "[1]"}) {
        EXPECT_THAT(shaped("{\"n\":" + std::string(bad) + "}"), StartsWith("<bad_document> n: "));
    }
    EXPECT_THAT(shaped(R"({"n":"1e999"})"), StartsWith("<number_out_of_range> n: "));
    EXPECT_EQ(shaped(R"({"n":"1e-999"})"), R"({"n":0.0})");
    EXPECT_THAT(shaped(R"({"n":9007199254740993})"), StartsWith("<number_out_of_range> n: "));
    for (const char* bad : {"2", "1.0", "\"yes\"", "\"truetrue\"", "\"\"", "[]"}) {
        EXPECT_THAT(shaped("{\"b\":" + std::string(bad) + "}"), StartsWith("<bad_document> b: "));
    }
    EXPECT_EQ(shaped(R"({"s":{}})"), "<bad_document> s: an object is not a valid text");
    EXPECT_THAT(shaped(R"({"t":1.5})"), StartsWith("<bad_document> t: 1.5 is not a valid time"));
    EXPECT_THAT(shaped(R"({"t":"yesterday"})"), StartsWith("<bad_document> t: 'yesterday' is no"));
}

TEST_F(MappingShape, TimesAreThoseOfRfc3339) {
    load_shape("convert = { t = 'timestamp_ms' }");
    const auto time = [&](const std::string& text) { return shaped("{\"t\":\"" + text + "\"}"); };
    EXPECT_EQ(time("2024-02-29T12:30:45.25Z"), R"({"t":1709209845250})");
    EXPECT_EQ(time("2024-02-29t12:30:45.250999z"), R"({"t":1709209845250})");
    EXPECT_EQ(time("2024-02-29 14:30:45+02:00"), R"({"t":1709209845000})");
    EXPECT_EQ(time("2024-02-29T00:30:45-12:00"), R"({"t":1709209845000})");
    EXPECT_EQ(time("1969-12-31T23:59:59.999Z"), R"({"t":-1})");
    EXPECT_EQ(time("2016-12-31T23:59:60Z"), R"({"t":1483228800000})");
    EXPECT_EQ(time("1709209845250"), R"({"t":1709209845250})");
    for (const char* bad :
         {"2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
          "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
          "2024-01-01T00:00:00", "2024-01-01", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+1:00",
          "2024-01-01T00:00:00Z ", "2024-1-1T00:00:00Z", "2024-01-01T00:00Z", ""}) {
        EXPECT_THAT(time(bad), StartsWith("<bad_document> t: ")) << bad;
    }
}

TEST_F(MappingShape, SetAddsConstantsAndFields) {
    load_shape(
        "set = { source = 'kafka', n = 1, r = 1.5, b = true, list = [1, 'x'], "
        "received_ms = '{timestamp}', at = '{topic}/{partition}', copy = '{a.b}', "
        "meta.key = '{key}' }");
    EXPECT_EQ(shaped(R"({"a":{"b":[1,{}]},"source":"other","meta":{"user":1}})"),
              R"({"a":{"b":[1,{}]},"at":"seats/3","b":true,"copy":[1,{}],"list":[1,"x"],)"
              R"("meta":{"key":"k","user":1},"n":1,"r":1.5,"received_ms":1700000000000,)"
              R"("source":"kafka"})");
}

TEST_F(MappingShape, SetLeavesOutAMemberWhoseFieldIsNotThere) {
    load_shape("set = { a = '{header.x}', b = '{header.x}-{key}', c = '{d}' }");
    EXPECT_EQ(shaped(R"({"a":"own","d":null})"), R"({"a":"own","d":null})");
    EXPECT_EQ(shaped(R"({"d":"x"})"), R"({"c":"x","d":"x"})");
}

TEST_F(MappingShape, SetRefusesFieldsThatAreNotText) {
    load_shape("set = { a = '{b}!' }");
    EXPECT_THAT(shaped(R"({"b":[]})"), StartsWith("<bad_document> 'b' is an array"));
    EXPECT_EQ(shaped(R"({"b":"c/d"})"), R"({"a":"c/d!","b":"c/d"})");
    EXPECT_EQ(shaped(R"({"b":""})"), R"({"a":"!","b":""})");
    load_shape("set = { a = '{header.h}' }");
    const std::vector<kafka::Header> headers = {{"h", "\xFF"}};
    EXPECT_THAT(map({.key = "k", .value = "{}", .headers = headers}),
                ::testing::ElementsAre(StartsWith("<bad_utf8>")));
}

TEST_F(MappingShape, StepsFollowInOneOrder) {
    load_shape(
        "document = 'after'\nrename = { p = 'price' }\ninclude = ['price', 'status']\n"
        "convert = { price = 'integer' }\nset = { source = 'kafka' }");
    EXPECT_EQ(shaped(R"({"after":{"p":"12","status":"free","q":1},"op":"c"})"),
              R"({"price":12,"source":"kafka","status":"free"})");
    load_shape("rename = { a = 'b' }\nexclude = ['b']\nset = { 'b.c' = 1 }");
    EXPECT_EQ(shaped(R"({"a":{"d":1},"b":2,"e":3})"), R"({"b":{"c":1},"e":3})");
}

TEST_F(MappingShape, NeedsAnObject) {
    load_shape("set = { a = 1 }");
    EXPECT_THAT(shaped("[]"), StartsWith("<bad_document> document is an array"));
    EXPECT_THAT(shaped("null"), StartsWith("<bad_document> document is nothing"));
    EXPECT_THAT(shaped("\"text\""), StartsWith("<bad_document> document is 'text'"));
}

TEST_F(MappingShape, IsNotForPatchesOfARuleWithSeveralOperations) {
    load_shape(
        "operation = { field = 'op', merge = ['m'], json_patch = ['p'] }\n"
        "document = 'd'\nset = { a = 1 }");
    EXPECT_EQ(map_one(R"({"op":"p","d":[]})"), "json_patch a/k []");
    EXPECT_EQ(map_one(R"({"op":"m","d":{"x":null}})"), R"(merge a/k {"a":1,"x":null})");
}

TEST_F(MappingShape, KeepsKeysThatHoldU0000) {
    load_shape("exclude = ['a']");
    EXPECT_EQ(shaped(R"({"a":1,"b\u0000":2})"), R"({"b\u0000":2})");
    EXPECT_THAT(error("exclude = [\"a\\u0000\"]"), HasSubstr("contains U+0000"));
}

TEST_F(MappingShape, CannotGrowTooDeep) {
    std::string path = "a";
    for (int i = 1; i < 63; ++i) path += ".a";
    load_shape("rename = { x = '" + path + "' }");
    EXPECT_THAT(shaped(R"({"x":{}})"), StartsWith("{\"a\":"));
    EXPECT_THAT(shaped(R"({"x":{"y":{}}})"), StartsWith("<too_deep>"));
}

TEST_F(MappingShape, IsCheckedWhenItIsRead) {
    EXPECT_THAT(error("include = ['a']\nexclude = ['b']"),
                StartsWith("kafka.toml:4: rule has both include and exclude; keep one"));
    EXPECT_THAT(error("include = 'a'"), StartsWith("kafka.toml:3: include must be a list"));
    EXPECT_THAT(error("include = []"), HasSubstr("at least one"));
    EXPECT_THAT(error("include = [1]"), HasSubstr("include must be a list of paths"));
    EXPECT_THAT(error("include = ['a..b']"), HasSubstr("'a..b' is not a path"));
    EXPECT_THAT(error("include = ['']"), HasSubstr("'' is not a path"));
    EXPECT_THAT(error("include = ['a', 'a']"), HasSubstr("include: 'a' is listed twice"));
    EXPECT_THAT(error("exclude = [true]"), HasSubstr("exclude must be a list of paths"));
    EXPECT_THAT(error("rename = ['a']"), HasSubstr("rename must be a table"));
    EXPECT_THAT(error("rename = {}"), HasSubstr("rename names no members"));
    EXPECT_THAT(error("rename = { a = 1 }"), HasSubstr("'a' must be renamed to a path"));
    EXPECT_THAT(error("rename = { a = 'b.' }"), HasSubstr("'b.' is not a path"));
    EXPECT_THAT(error("rename = { a = 'c', b = 'c' }"), HasSubstr("so is another member"));
    EXPECT_THAT(error("rename = { a.b = 'c', 'a.b' = 'd' }"), HasSubstr("'a.b' is listed twice"));
    EXPECT_THAT(error("convert = { a = 'float' }"),
                HasSubstr("convert.a must be one of 'integer'"));
    EXPECT_THAT(error("convert = { a = 'integer', 'a.b' = 'string' }"),
                HasSubstr("'a' is converted; remove 'a.b' within it"));
    EXPECT_THAT(error("set = 'a'"), HasSubstr("set must be a table"));
    EXPECT_THAT(error("set = { a = 1979-05-27 }"), HasSubstr("set.a must be a string"));
    EXPECT_THAT(error("set = { a = [] }"), HasSubstr("set.a must be a list"));
    EXPECT_THAT(error("set = { a = [[1]] }"), HasSubstr("set.a must be a string"));
    EXPECT_THAT(error("set = { a = '{b' }"), HasSubstr("set.a: '{b' has '{' without"));
    EXPECT_THAT(error("set = { a = 1, 'a.b' = 2 }"), HasSubstr("'a' is set"));
    EXPECT_THAT(error("set = { a = 1 }\nconvert = { a = 'string' }"), HasSubstr("set and conv"));
    EXPECT_THAT(error("set = { a = 1 }\nrename = { b = 'a' }"), HasSubstr("another member is"));
    EXPECT_THAT(error("document = 'key'"), HasSubstr("document must name a part of the value"));
    EXPECT_THAT(error("document = 'a..b'"), HasSubstr("'a..b' is not a path"));
}

TEST_F(MappingShape, HasLimits) {
    std::string paths = "'a0'";
    for (int i = 1; i < 1024; ++i) paths += ",'a" + std::to_string(i) + "'";
    EXPECT_THAT(error("include = [" + paths + "]"), IsEmpty());
    EXPECT_THAT(error("include = [" + paths + ",'a']"), HasSubstr("more than 1024 paths"));
    std::string deep = "a";
    for (int i = 1; i < 64; ++i) deep += ".a";
    EXPECT_THAT(error("exclude = ['" + deep + "']"), IsEmpty());
    EXPECT_THAT(error("exclude = ['" + deep + ".a']"), HasSubstr("more than 64 members"));
    EXPECT_THAT(error("set = { b.c = { '" + deep + "' = 1 } }"), HasSubstr("more than 64 members"));
    EXPECT_THAT(error("exclude = ['" + std::string(4097, 'a') + "']"), HasSubstr("too long"));
}

}  // namespace
}  // namespace ringside
