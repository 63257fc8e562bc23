#include "shm/document/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/verify.hpp"
#include "tests/shm/document_support.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside {
namespace {

using test::document;
using test::json_of;

Errc failure(std::string_view json) {
    const auto result = document_from_json(json);
    return result ? Errc::ok : result.error().code;
}

std::string nested(std::size_t depth, std::string_view inner = "") {
    return std::string(depth, '[') + std::string(inner) + std::string(depth, ']');
}

TEST(Json, RandomDocumentsComeBackExactly) {
    test::RandomJson random(1);
    JsonReader reader;
    for (int i = 0; i < 20'000; ++i) {
        const std::string json = random.next();
        const auto bytes = reader.read(json);
        ASSERT_TRUE(bytes) << json;
        ASSERT_EQ(json_of(*bytes), json);
    }
}

TEST(Json, RealDataComesBack) {
    std::ifstream file(std::string(built::source_directory) +
                       "/tools/examples/data/earthquakes.jsonl");
    JsonReader reader;
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line); ++lines) {
        const auto read = reader.read(line);
        ASSERT_TRUE(read) << line;
        const Bytes first(read->begin(), read->end());
        const std::string json = json_of(first);
        const Bytes second = document(json);
        ASSERT_TRUE(Value::of(first).is_same(Value::of(second))) << line;
        ASSERT_EQ(json_of(second), json);
    }
    EXPECT_EQ(lines, 1707U);
}

TEST(Json, ScalarsAndEmptyContainersMayBeTheRoot) {
    for (const std::string json : {"null", "true", "false", "0", "-1", "2.5", "\"\"", "[]", "{}"}) {
        EXPECT_EQ(json_of(document(json)), json);
    }
}

TEST(Json, IntegersAreExactUpToTheirLimits) {
    for (const std::string json : {"-9223372036854775808", "9223372036854775807",
                                   "9223372036854775808", "18446744073709551615"}) {
        EXPECT_EQ(json_of(document(json)), json);
    }
}

/// Returns the double that a text is parsed as, or NaN if it is parsed as another type.
double real_of(std::string_view json) {
    const Bytes bytes = document(json);
    const Value value = Value::of(bytes);
    return value.is_real() ? value.as_double().value() : std::nan("");
}

TEST(Json, IntegersBeyond64BitsAreTheNearestDouble) {
    EXPECT_EQ(real_of("18446744073709551616"), 0x1p64);
    EXPECT_EQ(real_of("100000000000000000000"), 1e20);
    EXPECT_EQ(real_of("-9223372036854775809"), -0x1p63);
    EXPECT_EQ(real_of("-9223372036854776000"), -0x1p63);  // as JavaScript writes -2^63
    EXPECT_EQ(real_of("123456789012345678901234567890"), 123456789012345678901234567890.0);
    EXPECT_EQ(real_of('1' + std::string(308, '0')), 1e308);
    EXPECT_EQ(failure('1' + std::string(309, '0')), Errc::number_out_of_range);
    EXPECT_EQ(failure("[1,-1" + std::string(400, '0') + "]"), Errc::number_out_of_range);
}

TEST(Json, IntegersBeyond64BitsAreReadWhereverTheyStand) {
    const Bytes bytes = document(
        R"({"12345678901234567890123":[100000000000000000000,"100000000000000000000","\\"],)"
        R"("b":{"c":-100000000000000000000}, "d":18446744073709551615})");
    const Value root = Value::of(bytes);
    EXPECT_EQ(root["12345678901234567890123"][0].as_double(), 1e20);
    EXPECT_EQ(root["12345678901234567890123"][1].as_string(), "100000000000000000000");
    EXPECT_EQ(root["12345678901234567890123"][2].as_string(), "\\");
    EXPECT_EQ(root["b"]["c"].as_double(), -1e20);
    EXPECT_EQ(root["d"].as_uint64(), 18446744073709551615U);
    for (const char* wrong :
         {"0100000000000000000000", "+100000000000000000000", "100000000000000000000.",
          "1000000000000000000-00", "-", "[100000000000000000000,]", "\"100000000000000000000"}) {
        EXPECT_EQ(failure(wrong), Errc::bad_json) << wrong;
    }
}

TEST(Json, NegativeZeroKeepsItsSign) {
    for (const std::string json : {"-0", "-0.0", "-0e0", "-1e-999", "[-0]", "[ -0 ,1]",
                                   R"({"a":-0})", R"(["x: -0, y",-0])"}) {
        const std::string written = json_of(document(json));
        EXPECT_NE(written.find("-0.0"), std::string::npos) << json << " is " << written;
    }
    EXPECT_TRUE(std::signbit(real_of("-0")));
    EXPECT_EQ(json_of(document(R"(["2024-01-05","a: -0,",0,-1])")),
              R"(["2024-01-05","a: -0,",0,-1])");
}

TEST(Json, NumbersSurviveARoundTrip) {
    for (const std::string json : {"-0", "100000000000000000000", "12345678901234567.89", "1e-999",
                                   "5e-324", "-9223372036854775808", "1e5"}) {
        const Bytes first = document(json);
        const Bytes second = document(json_of(first));
        EXPECT_TRUE(Value::of(first).is_same(Value::of(second))) << json;
    }
    EXPECT_EQ(real_of("12345678901234567.89"), 12345678901234567.89);
    EXPECT_EQ(real_of("1e-999"), 0.0);
}

TEST(Json, DoublesAreTheShortestThatReadBack) {
    EXPECT_EQ(json_of(document("0.1000000000000000055")), "0.1");
    EXPECT_EQ(json_of(document("5e-324")), "5e-324");
    EXPECT_EQ(json_of(document("1.7976931348623157e308")), "1.7976931348623157e+308");
    EXPECT_EQ(json_of(document("-0.0")), "-0.0");
    EXPECT_EQ(json_of(document("1e-400")), "0.0");
}

TEST(Json, DoublesWithoutAFractionStayDoubles) {
    EXPECT_EQ(json_of(document("1.0")), "1.0");
    EXPECT_EQ(json_of(document("1e2")), "100.0");
    EXPECT_TRUE(Value::of(document(json_of(document("1.0")))).is_real());
}

TEST(Json, DoublesThatOverflowAreRefused) {
    EXPECT_EQ(failure("1e400"), Errc::number_out_of_range);
    EXPECT_EQ(failure("[1e-400,-1e309]"), Errc::number_out_of_range);
}

TEST(Json, EscapesAreReadAndWritten) {
    EXPECT_EQ(json_of(document(R"("\u0041\/\ud83d\ude00\u00e9")")), "\"A/😀é\"");
    EXPECT_EQ(json_of(document(R"("\"\\\b\f\n\r\t\u0001\u001F\u007f\u0000")")),
              "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\"");
    EXPECT_EQ(json_of(document(R"({"\u0000a\n":1})")), R"({"\u0000a\n":1})");
}

TEST(Json, NestingIsAllowedUpToItsLimit) {
    const std::string deepest = nested(limits::depth_max, "\"x\"");
    EXPECT_EQ(json_of(document(deepest)), deepest);
    EXPECT_EQ(failure(nested(limits::depth_max + 1)), Errc::too_deep);
    EXPECT_EQ(failure(nested(5000)), Errc::too_deep);
    EXPECT_EQ(failure(std::string(100'000, '[')), Errc::too_deep);
}

TEST(Json, PatchesAndMessagesMayBeDeeperThanDocuments) {
    const auto code = [](std::string_view json, const DocumentLimits& limits) {
        const auto read = document_from_json(json, limits);
        return read ? Errc::ok : read.error().code;
    };
    EXPECT_EQ(code(nested(limits::patch_depth_max), json_patch_limits), Errc::ok);
    EXPECT_EQ(code(nested(limits::patch_depth_max + 1), json_patch_limits), Errc::too_deep);
    const std::string deepest = nested(limits::envelope_depth_max, "1");
    EXPECT_EQ(code(deepest, envelope_limits), Errc::ok);
    EXPECT_EQ(code('[' + deepest + ']', envelope_limits), Errc::too_deep);
    EXPECT_EQ(json_of(document_from_json(deepest, envelope_limits).value()), deepest);
}

TEST(Json, WrittenTextIsReadableEvenIfLongerThanTheLimit) {
    std::string json = "[1e5";
    while (json.size() < 12'000'000) json += ",1e5";
    const Bytes bytes = document(json + "]");
    const std::string written = json_of(bytes);
    EXPECT_GT(written.size(), limits::document_bytes_max);
    EXPECT_EQ(failure(written), Errc::document_too_large);
    const auto again = document_from_json(written, written_limits);
    ASSERT_TRUE(again);
    EXPECT_TRUE(Value::of(*again).is_same(Value::of(bytes)));
}

TEST(Json, DuplicateKeysAreRefused) {
    EXPECT_EQ(failure(R"({"a":1,"a":2})"), Errc::duplicate_key);
    EXPECT_EQ(failure(R"({"a":1,"b":{"c":1,"d":2,"c":3}})"), Errc::duplicate_key);
    EXPECT_EQ(failure(R"({"a":1,"\u0061":2})"), Errc::duplicate_key);
    std::string many = "{";
    for (int i = 0; i < 100; ++i) many += "\"key number " + std::to_string(i) + "\":0,";
    EXPECT_EQ(failure(many + "\"key number 0\":0}"), Errc::duplicate_key);
}

TEST(Json, KeysHaveALimit) {
    const std::string key(limits::key_bytes_max, 'k');
    EXPECT_EQ(failure("{\"" + key + "\":1}"), Errc::ok);
    EXPECT_EQ(failure("{\"" + key + "k\":1}"), Errc::key_too_long);
}

TEST(Json, InvalidUtf8IsRefused) {
    EXPECT_EQ(failure("\"\xFF\""), Errc::bad_utf8);
    EXPECT_EQ(failure("\"\xC0\x80\""), Errc::bad_utf8);
    EXPECT_EQ(failure("{\"\xC0\x80\":1}"), Errc::bad_utf8);
    EXPECT_EQ(failure("[\"\xED\xA0\x80\"]"), Errc::bad_utf8);
}

TEST(Json, InvalidJsonIsRefused) {
    for (const std::string json : {"",
                                   " ",
                                   "{",
                                   "[1,]",
                                   "{\"a\":1,}",
                                   "{a:1}",
                                   "[1 2]",
                                   "1 2",
                                   "{} x",
                                   "nul",
                                   "01",
                                   "1.",
                                   ".5",
                                   "+1",
                                   "--1",
                                   "1e",
                                   "'a'",
                                   "\"a",
                                   "\"\\x\"",
                                   "\"\\u12\"",
                                   "\"\n\"",
                                   "\"\\ud800\"",
                                   "\"\\udc00\"",
                                   "\"\\ud800\\u0041\"",
                                   "\xEF\xBB\xBF{}",
                                   "NaN",
                                   "Infinity",
                                   "// x",
                                   "]",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "[1}"}) {
        EXPECT_EQ(failure(json), Errc::bad_json) << json;
    }
}

TEST(Json, ErrorSaysWhereTheTextIsWrong) {
    const auto result = document_from_json("{\"a\": 1,\n  \"b\": tru}");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().detail, "line 2, column 8: not a JSON value");
}

TEST(Json, EveryCutOfATextIsRefused) {
    const std::string json = R"({"a":[1.5e3,true,null,"\u00e9é"],"b":{"c":-12}})";
    ASSERT_EQ(failure(json), Errc::ok);
    for (std::size_t size = 0; size < json.size(); ++size) {
        EXPECT_NE(failure(json.substr(0, size)), Errc::ok) << json.substr(0, size);
    }
}

TEST(Json, TextBeyondTheLimitIsRefused) {
    const std::string at_limit = "\"" + std::string(limits::document_bytes_max - 2, 'x') + "\"";
    EXPECT_EQ(failure(at_limit + " "), Errc::document_too_large);
    EXPECT_EQ(failure("\"" + std::string(limits::document_bytes_max - 100, 'x') + "\""), Errc::ok);
}

TEST(Json, DocumentWhoseEncodingIsBeyondTheLimitIsRefused) {
    // An empty object takes twelve bytes, plus four for its reference and one for its type.
    std::string json = "[1";
    for (std::size_t i = 0; i < limits::encoded_document_bytes_max / 16; ++i) json += ",{}";
    ASSERT_LE(json.size(), limits::document_bytes_max);
    EXPECT_EQ(failure(json + "]"), Errc::document_too_large);
}

TEST(Json, ReaderIsUsableAfterAnError) {
    JsonReader reader;
    EXPECT_FALSE(reader.read("{\"a\":[1,"));
    EXPECT_FALSE(reader.read("{\"a\":1,\"a\":2}"));
    const auto bytes = reader.read("{\"a\":[1]}");
    ASSERT_TRUE(bytes);
    EXPECT_EQ(json_of(*bytes), "{\"a\":[1]}");
}

TEST(Json, MissingValueIsWrittenAsNull) { EXPECT_EQ(to_json(Value()), "null"); }

TEST(Json, AppendKeepsTheExistingText) {
    std::string out = "data: ";
    const Bytes bytes = document("[1]");
    append_json(Value::of(bytes), out);
    EXPECT_EQ(out, "data: [1]");
}

TEST(DocumentBuilder, RefusesCallsThatMakeNoDocument) {
    DocumentBuilder builder;
    const auto failure_of = [&](auto calls) {
        builder.clear();
        calls();
        const auto result = builder.finish();
        return result ? Errc::ok : result.error().code;
    };
    EXPECT_EQ(failure_of([] {}), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.begin_array(); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.end_array(); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.null(), builder.null(); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.key("a"); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.begin_object(), builder.null(); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.begin_object(), builder.end_array(); }), Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.begin_object(), builder.key("a"), builder.end_object(); }),
              Errc::bad_document);
    EXPECT_EQ(failure_of([&] { builder.string("\xFF"); }), Errc::bad_utf8);
    EXPECT_EQ(failure_of([&] { builder.real(1.0 / 0.0); }), Errc::number_out_of_range);
    EXPECT_EQ(failure_of([&] { builder.null(); }), Errc::ok);
}

TEST(DocumentBuilder, CopyIncludesAllNestedValues) {
    test::RandomJson random(2);
    DocumentBuilder builder;
    for (int i = 0; i < 2000; ++i) {
        const std::string json = random.next();
        const Bytes bytes = document(json);
        builder.clear();
        builder.value(Value::of(bytes));
        ASSERT_EQ(json_of(builder.finish().value()), json);
    }
}

TEST(DocumentBuilder, ObjectsWithTheSameKeysShareThem) {
    std::string json = "[";
    for (int i = 0; i < 100; ++i) json += R"({"price of the seat":1,"number of the seat":2},)";
    json.back() = ']';
    EXPECT_LT(document(json).size(), 100U * 16);
}

TEST(DocumentBuilder, SharedKeysStillCountTowardsTheExpandedSize) {
    const std::string key(60, 'k');
    DocumentBuilder builder;
    builder.begin_array();
    for (std::size_t i = 0; i < limits::document_bytes_max / 60 && !builder.failed(); ++i) {
        builder.begin_object();
        builder.key(key);
        builder.null();
        builder.end_object();
    }
    builder.end_array();
    const auto result = builder.finish();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), Errc::document_too_large);
}

}  // namespace
}  // namespace ringside
