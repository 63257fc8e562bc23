#include "shm/document/value.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "shm/document/builder.hpp"
#include "shm/document/pointer.hpp"
#include "tests/shm/document_support.hpp"

namespace ringside {
namespace {

using test::document;

Value find(const Bytes& bytes, std::string_view pointer) {
    return Value::of(bytes).find(JsonPointer::parse(pointer).value()).value_or(Value());
}

TEST(Value, KnowsTheTypeOfEveryKindOfValue) {
    const Bytes bytes = document(R"([null,true,-1,18446744073709551615,1.5,"s",[],{}])");
    const Value root = Value::of(bytes);
    const ValueType expected[] = {
        ValueType::null, ValueType::boolean, ValueType::integer, ValueType::unsigned_integer,
        ValueType::real, ValueType::string,  ValueType::array,   ValueType::object};
    ASSERT_EQ(root.size(), std::size(expected));
    for (std::size_t i = 0; i < root.size(); ++i) EXPECT_EQ(root[i].type(), expected[i]) << i;
}

TEST(Value, IntegersAreExactAtTheirLimits) {
    const Bytes bytes =
        document("[-9223372036854775808,9223372036854775807,9223372036854775808,9007199254740993]");
    const Value root = Value::of(bytes);
    EXPECT_EQ(root[0].as_int64(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(root[1].as_int64(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(root[2].as_int64(), std::nullopt);
    EXPECT_EQ(root[2].as_uint64(), 9223372036854775808ULL);
    EXPECT_EQ(root[3].as_int64(), 9007199254740993);
    EXPECT_EQ(root[0].as_uint64(), std::nullopt);
}

TEST(Value, ConversionsThatWouldLoseTheTypeGiveNothing) {
    const Bytes bytes = document(R"([1.0,"1",true,7])");
    const Value root = Value::of(bytes);
    EXPECT_EQ(root[0].as_int64(), std::nullopt);
    EXPECT_EQ(root[1].as_int64(), std::nullopt);
    EXPECT_EQ(root[2].as_double(), std::nullopt);
    EXPECT_EQ(root[3].as_bool(), std::nullopt);
    EXPECT_EQ(root[3].as_string(), std::nullopt);
    EXPECT_EQ(root[3].as_double(), 7.0);
}

TEST(Value, GetChoosesByType) {
    const Bytes bytes = document(R"([true,-2,3,0.5,"x"])");
    const Value root = Value::of(bytes);
    EXPECT_EQ(root[0].get<bool>(), true);
    EXPECT_EQ(root[1].get<std::int64_t>(), -2);
    EXPECT_EQ(root[2].get<std::uint64_t>(), 3U);
    EXPECT_EQ(root[3].get<double>(), 0.5);
    EXPECT_EQ(root[4].get<std::string_view>(), "x");
}

TEST(Value, MissingValueBehavesAsNull) {
    const Bytes bytes = document(R"({"a":null})");
    const Value root = Value::of(bytes);
    EXPECT_TRUE(root["a"].exists());
    EXPECT_FALSE(root["b"].exists());
    EXPECT_TRUE(root["b"]["c"][3].is_null());
    EXPECT_EQ(root["b"].size(), 0U);
    EXPECT_FALSE(root[0].exists());
}

TEST(Value, LookupFindsEveryKeyOfAnyLength) {
    DocumentBuilder builder;
    builder.begin_object();
    const std::string pad(30, 'x');
    for (std::size_t i = 0; i <= pad.size(); ++i) {
        builder.key(pad.substr(0, i));
        builder.integer(static_cast<std::int64_t>(i));
        builder.key(pad.substr(0, i) + "y");
        builder.integer(-static_cast<std::int64_t>(i) - 1);
    }
    builder.end_object();
    const Value root = Value::of(builder.finish().value());
    for (std::size_t i = 0; i <= pad.size(); ++i) {
        EXPECT_EQ(root[pad.substr(0, i)].as_int64(), static_cast<std::int64_t>(i));
        EXPECT_EQ(root[pad.substr(0, i) + "y"].as_int64(), -static_cast<std::int64_t>(i) - 1);
        EXPECT_FALSE(root[pad.substr(0, i) + "z"].exists());
        EXPECT_FALSE(root[pad.substr(0, i) + "yy"].exists());
    }
}

TEST(Value, KeysWithNulAreFoundByTheirText) {
    using namespace std::string_view_literals;
    const Bytes bytes =
        document("{\"a\\u0000b\":1,\"a\":2,\"\\u0000\":3,\"long key before \\u0000\":4}");
    const Value root = Value::of(bytes);
    EXPECT_EQ(root["a\0b"sv].as_int64(), 1);
    EXPECT_EQ(root["a"sv].as_int64(), 2);
    EXPECT_EQ(root["\0"sv].as_int64(), 3);
    EXPECT_EQ(root["long key before \0"sv].as_int64(), 4);
    EXPECT_FALSE(root["a\0"sv].exists());
    EXPECT_EQ(root.key(3), "\xC0\x80");
}

TEST(Value, StringsMayHoldNul) {
    using namespace std::string_view_literals;
    const Bytes bytes = document("\"a\\u0000b\"");
    EXPECT_EQ(Value::of(bytes).as_string(), "a\0b"sv);
}

TEST(Value, MembersComeInTheOrderOfTheirKeys) {
    const Bytes bytes = document(R"({"b":1,"a":2,"ä":3,"":4})");
    std::string keys;
    std::int64_t sum = 0;
    for (const auto [key, value] : Value::of(bytes).members()) {
        keys.append(key).append(",");
        sum = sum * 10 + value.as_int64().value_or(0);
    }
    EXPECT_EQ(keys, ",a,b,ä,");
    EXPECT_EQ(sum, 4213);
}

TEST(Value, ElementsComeInOrder) {
    const Bytes bytes = document("[3,1,2]");
    std::int64_t digits = 0;
    for (const Value value : Value::of(bytes).elements()) {
        digits = digits * 10 + value.as_int64().value_or(0);
    }
    EXPECT_EQ(digits, 312);
}

TEST(Value, PointersLeadToMembersAndElements) {
    const Bytes bytes = document(R"({"a":[{"b/c":1,"m~n":2}],"":{"":5},"0":[7]})");
    EXPECT_EQ(find(bytes, "/a/0/b~1c").as_int64(), 1);
    EXPECT_EQ(find(bytes, "/a/0/m~0n").as_int64(), 2);
    EXPECT_EQ(find(bytes, "//").as_int64(), 5);
    EXPECT_EQ(find(bytes, "/0/0").as_int64(), 7);
    EXPECT_EQ(find(bytes, "").size(), 3U);
    EXPECT_FALSE(find(bytes, "/a/1").exists());
    EXPECT_FALSE(find(bytes, "/a/-").exists());
    EXPECT_FALSE(find(bytes, "/a/00").exists());
    EXPECT_FALSE(find(bytes, "/a/0/b~1c/x").exists());
}

TEST(Value, SamenessIsThatOfJson) {
    const auto is_same = [](std::string_view a, std::string_view b) {
        const Bytes left = document(a);
        const Bytes right = document(b);
        return Value::of(left).is_same(Value::of(right));
    };
    EXPECT_TRUE(is_same(R"({"a":1,"b":[true,null]})", R"({"b":[true,null],"a":1})"));
    EXPECT_TRUE(is_same("[1,1000000]", "[1, 1000000]"));
    EXPECT_TRUE(is_same("0.1", "1e-1"));
    EXPECT_FALSE(is_same("1", "1.0"));
    EXPECT_FALSE(is_same("0.0", "-0.0"));
    EXPECT_TRUE(is_same("-0", "-0.0"));
    EXPECT_FALSE(is_same("[1,2]", "[2,1]"));
    EXPECT_FALSE(is_same(R"({"a":1})", R"({"b":1})"));
    EXPECT_FALSE(is_same(R"({"a":1})", R"({"a":1,"b":1})"));
    EXPECT_FALSE(is_same("\"1\"", "1"));
}

TEST(Value, EqualityComparesNumbersByTheirValue) {
    const auto is_equal = [](std::string_view a, std::string_view b) {
        const Bytes left = document(a);
        const Bytes right = document(b);
        const bool forth = Value::of(left).is_equal(Value::of(right));
        EXPECT_EQ(forth, Value::of(right).is_equal(Value::of(left))) << a << " and " << b;
        return forth;
    };
    EXPECT_TRUE(is_equal("1", "1.0"));
    EXPECT_TRUE(is_equal("0", "-0.0"));
    EXPECT_TRUE(is_equal("0.0", "-0.0"));
    EXPECT_TRUE(is_equal("-9223372036854775808", "-9223372036854775808.0"));
    EXPECT_TRUE(is_equal("9223372036854775808", "9223372036854775808.0"));
    EXPECT_TRUE(is_equal(R"({"a":[1,{"b":2.0}]})", R"({"a":[1.0,{"b":2}]})"));
    EXPECT_TRUE(is_equal(R"({"a":"x","b":null})", R"({"b":null,"a":"x"})"));
    // Nothing is rounded for the comparison.
    EXPECT_FALSE(is_equal("9007199254740993", "9007199254740992.0"));
    EXPECT_FALSE(is_equal("9223372036854775807", "9223372036854775808.0"));
    EXPECT_FALSE(is_equal("18446744073709551615", "18446744073709551616.0"));
    EXPECT_FALSE(is_equal("-1", "18446744073709551615"));
    EXPECT_FALSE(is_equal("1", "1.5"));
    EXPECT_FALSE(is_equal("1", "true"));
    EXPECT_FALSE(is_equal("1", "\"1\""));
    EXPECT_FALSE(is_equal("0", "null"));
    EXPECT_FALSE(is_equal("[1]", "[1.0,1]"));
}

TEST(Value, EqualityTakesNoMoreStepsThanItIsGiven) {
    const Bytes bytes = document("[1,2,3,\"" + std::string(1000, 'x') + "\"]");
    const Value value = Value::of(bytes);
    std::uint64_t steps = 1000;
    EXPECT_TRUE(value.is_equal(value, steps));
    const std::uint64_t needed = 1000 - steps;
    EXPECT_GT(needed, 5U);
    steps = needed;
    EXPECT_TRUE(value.is_equal(value, steps));
    steps = needed - 1;
    EXPECT_FALSE(value.is_equal(value, steps));
    EXPECT_EQ(steps, 0U);
}

TEST(Value, BytesThatAreTooFewAreNoValue) {
    const Bytes bytes = {1, 4};
    EXPECT_FALSE(Value::of(bytes).exists());
    EXPECT_FALSE(Value::of({}).exists());
}

TEST(Value, AKeyFindsItsMemberInDocumentsOfAnyShape) {
    const Value::Key key("price");
    const char* documents[] = {R"({"price":1})",
                               R"({"a":0,"b":0,"price":2})",
                               R"({"price":3,"z":0})",
                               R"({"a":0,"z":0})",
                               R"({})",
                               R"([4])",
                               R"({"a":0,"b":0,"price":5})"};
    std::string found;
    for (const char* json : documents) {
        const auto bytes = document_from_json(json).value();
        found += to_json(Value::of(bytes)[key]) + " ";
    }
    EXPECT_EQ(found, "1 2 3 null null null 5 ");
    const Value::Key nul(std::string_view("a\0b", 3));
    const auto bytes = document_from_json(R"({"a\u0000b":6})").value();
    EXPECT_EQ(Value::of(bytes)[nul].as_int64(), 6);
}

}  // namespace
}  // namespace ringside
