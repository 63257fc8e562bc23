#include <gtest/gtest.h>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/record_path.hpp"

namespace ringside::gateway::deepstream {
namespace {

std::string set(const std::string& document, const std::string& path, const std::string& json) {
    const auto bytes = document_from_json(document).value();
    const Value value = Value::of(bytes);
    return changed_text(value, set_path(value, parse_path(path).value(), json)).value();
}
std::string erase(const std::string& document, const std::string& path) {
    const auto bytes = document_from_json(document).value();
    const Value value = Value::of(bytes);
    return changed_text(value, erase_path(value, parse_path(path).value())).value();
}
std::string patched(const std::string& document, const std::string& list) {
    const auto bytes = document_from_json(document).value();
    const auto change = apply_patches(Value::of(bytes), list);
    return change ? change->json : change.error().text();
}

TEST(DeepstreamPath, ExistingValueIsReplaced) {
    EXPECT_EQ(set(R"({"a":1})", "a", "2"), R"({"a":2})");
    EXPECT_EQ(set(R"({"a":{"b":1}})", "a.b", "2"), R"({"a":{"b":2}})");
    EXPECT_EQ(set(R"({"a":[1,2]})", "a[1]", "3"), R"({"a":[1,3]})");
    EXPECT_EQ(set(R"({"a":[1,2]})", "a[2]", "3"), R"({"a":[1,2,3]})");
    EXPECT_EQ(set(R"({"0":1})", "0", "2"), R"({"0":2})");
    EXPECT_EQ(set(R"({"a":1})", " a . ", "2"), R"({"a":2})");
    EXPECT_EQ(set(R"({"a/b":1})", "a/b", "2"), R"({"a/b":2})");
    EXPECT_EQ(set(R"({"~":1})", "~", "2"), R"({"~":2})");
}

TEST(DeepstreamPath, MakesParentsThatAreMissing) {
    EXPECT_EQ(set("{}", "a.b", "1"), R"({"a":{"b":1}})");
    EXPECT_EQ(set(R"({"x":1})", "y[1].z", "5"), R"({"x":1,"y":[null,{"z":5}]})");
    EXPECT_EQ(set("{}", "a[0][1]", "1"), R"({"a":[[null,1]]})");
    EXPECT_EQ(set(R"({"a":[1]})", "a[3]", "4"), R"({"a":[1,null,null,4]})");
    EXPECT_EQ(set(R"({"a":5})", "a.b", "1"), R"({"a":{"b":1}})");
    EXPECT_EQ(set(R"({"a":null})", "a[0]", "1"), R"({"a":[1]})");
}

TEST(DeepstreamPath, ChangeIsMarkedIfBoundToThisDocument) {
    const auto bytes = document_from_json(R"({"a":{"b":1},"c":[1]})").value();
    const Value document = Value::of(bytes);
    EXPECT_FALSE(set_path(document, *parse_path("a.b"), "2").is_bound);
    EXPECT_FALSE(set_path(document, *parse_path("c[0]"), "2").is_bound);
    EXPECT_TRUE(set_path(document, *parse_path("c[1]"), "2").is_bound);
    EXPECT_TRUE(set_path(document, *parse_path("d.e"), "2").is_bound);
}

TEST(DeepstreamPath, ErasedMemberIsRemoved) {
    EXPECT_EQ(erase(R"({"a":1,"b":2})", "a"), R"({"b":2})");
    EXPECT_EQ(erase(R"({"a":[1,2]})", "a[0]"), R"({"a":[null,2]})");
    EXPECT_EQ(erase(R"({"a":1})", "b"), R"({"a":1})");
    EXPECT_EQ(erase(R"({"a":[1]})", "a[3]"), R"({"a":[1]})");
}

TEST(DeepstreamPath, ErasingBelowMissingParentMakesTheParent) {
    EXPECT_EQ(erase(R"({"a":1})", "b.c"), R"({"a":1,"b":{}})");
    EXPECT_EQ(erase(R"({"a":1})", "a.b"), R"({"a":{}})");
    EXPECT_EQ(erase(R"({"a":null})", "a.b"), R"({"a":{}})");
    EXPECT_EQ(erase("{}", "a.b.c"), R"({"a":{"b":{}}})");
    EXPECT_EQ(erase("{}", "a[2]"), R"({"a":[null,null]})");
    EXPECT_EQ(erase("{}", "a[0]"), R"({"a":[]})");
    EXPECT_EQ(erase("{}", "a[1].b"), R"({"a":[null,{}]})");
    EXPECT_EQ(erase(R"({"a":[1]})", "a[2].b"), R"({"a":[1,null,{}]})");
    EXPECT_EQ(erase(R"({"a":{"b":5}})", "a.b[1]"), R"({"a":{"b":[null]}})");
    // JSON has no members of an array.
    EXPECT_EQ(erase(R"({"a":[1]})", "a.x.y"), R"({"a":[1]})");
    const auto bytes = document_from_json("{}").value();
    EXPECT_TRUE(erase_path(Value::of(bytes), *parse_path("a.b")).is_bound);
}

TEST(DeepstreamPath, PartsAreTrimmedAsJavaScriptTrims) {
    EXPECT_EQ(set("{}", "\u00A0 a\u3000\uFEFF.\u2003b", "1"), R"({"a":{"b":1}})");
    EXPECT_EQ(set("{}", "a. \u2028 .b", "1"), R"({"a":{"b":1}})");
    EXPECT_EQ(set("{}", "a\u200Bb", "1"), "{\"a\u200Bb\":1}");
}

TEST(DeepstreamPath, InvalidPathsAreRefused) {
    for (const std::string path : {"", ".", "  ", "__proto__.x", "a.constructor", "prototype[0]",
                                   "a[x]", "a[-1]", "a[01]", "a[100001]", "a[-]"}) {
        EXPECT_FALSE(parse_path(path)) << path;
    }
    EXPECT_TRUE(parse_path("a[100000]"));
    EXPECT_FALSE(parse_path("a[60000][60000]")) << "all indexes together";
    std::string deep = "a";
    for (int i = 1; i < 64; ++i) deep += ".a";
    EXPECT_TRUE(parse_path(deep));
    EXPECT_FALSE(parse_path(deep + ".a"));
}

TEST(DeepstreamPath, LeadsBackFromAPointer) {
    const auto bytes = document_from_json(R"({"a":{"b":[{"c":1}],"x.y":2,"":3," z":4}})").value();
    const auto path = [&](const std::string& pointer) {
        return path_of(JsonPointer::parse(pointer).value(), Value::of(bytes));
    };
    EXPECT_EQ(path("/a/b/0/c"), "a.b[0].c");
    EXPECT_EQ(path("/a"), "a");
    EXPECT_FALSE(path("/a/x.y"));
    EXPECT_FALSE(path("/a/"));
    EXPECT_FALSE(path("/a/ z"));
    EXPECT_FALSE(path("/a/b/-"));
    EXPECT_FALSE(path("/__proto__"));
}

TEST(DeepstreamPath, DoesNotWriteALargeRecordOverAndOver) {
    const std::string document = R"({"a":")" + std::string(1 << 20, 'x') + R"("})";
    std::string list = "[";
    for (int i = 0; i < 17; ++i) list += R"({"path":"b","data":1},)";
    list.back() = ']';
    const auto bytes = document_from_json(document).value();
    const auto change = apply_patches(Value::of(bytes), list);
    ASSERT_FALSE(change);
    EXPECT_EQ(change.error(), Errc::document_too_large);
}

TEST(DeepstreamPath, AppliesAllPatchesOrNone) {
    EXPECT_EQ(
        patched(R"({"a":1})", R"([{"path":"b","data":2},{"path":"a"},{"path":"b","data":3}])"),
        R"({"b":3})");
    EXPECT_EQ(patched(R"({"a":1})", "[]"), R"({"a":1})");
    EXPECT_NE(patched(R"({"a":1})", R"([{"path":"b","data":2},{"path":"__proto__","data":1}])"),
              R"({"a":1,"b":2})");
    EXPECT_FALSE(apply_patches(Value(), "{}"));
    EXPECT_FALSE(apply_patches(Value(), "[1]"));
    EXPECT_FALSE(apply_patches(Value(), "[{"));
}

}  // namespace
}  // namespace ringside::gateway::deepstream
