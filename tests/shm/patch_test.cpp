#include "shm/document/patch.hpp"

#include <gtest/gtest.h>

#include <string>

#include "shm/base/limits.hpp"
#include "shm/document/verify.hpp"
#include "tests/shm/document_support.hpp"

namespace ringside {
namespace {

using test::document;

/// Returns the JSON of a function's result, or the name of its error.
std::string outcome(const Result<ByteView>& result) {
    if (!result) return std::string(name(result.error().code));
    EXPECT_TRUE(verify_document(*result));
    return test::json_of(*result);
}

std::string set(std::string_view old, std::string_view path, std::string_view value) {
    const Bytes before = document(old);
    const Bytes after = document(value);
    DocumentBuilder out;
    return outcome(
        apply_set(out, Value::of(before), JsonPointer::parse(path).value(), Value::of(after)));
}

std::string merge(std::string_view old, std::string_view patch) {
    const Bytes before = document(old);
    const Bytes change = document(patch);
    DocumentBuilder out;
    return outcome(apply_merge(out, Value::of(before), Value::of(change)));
}

std::string patch(std::string_view old, std::string_view operations) {
    const Bytes before = document(old);
    const Bytes change = document_from_json(operations, json_patch_limits).value();
    DocumentBuilder out;
    return outcome(apply_json_patch(out, Value::of(before), Value::of(change)));
}

Error patch_error(std::string_view old, std::string_view operations) {
    const Bytes before = document(old);
    const Bytes change = document(operations);
    DocumentBuilder out;
    return apply_json_patch(out, Value::of(before), Value::of(change)).error();
}

TEST(Set, ReplacesOrAddsAMember) {
    EXPECT_EQ(set(R"({"a":1,"c":3})", "/a", "2"), R"({"a":2,"c":3})");
    EXPECT_EQ(set(R"({"a":1,"c":3})", "/b", "[]"), R"({"a":1,"b":[],"c":3})");
    EXPECT_EQ(set(R"({"a":1,"c":3})", "/d", "4"), R"({"a":1,"c":3,"d":4})");
    EXPECT_EQ(set("{}", "/", "0"), R"({"":0})");
    EXPECT_EQ(set(R"({"a":{"b":[{"c":1}]}})", "/a/b/0/c", "true"), R"({"a":{"b":[{"c":true}]}})");
}

TEST(Set, ReplacesOrAppendsAnElement) {
    EXPECT_EQ(set("[1,2]", "/0", "9"), "[9,2]");
    EXPECT_EQ(set("[1,2]", "/2", "9"), "[1,2,9]");
    EXPECT_EQ(set("[1,2]", "/-", "9"), "[1,2,9]");
}

TEST(Set, EmptyPathReplacesTheDocument) { EXPECT_EQ(set("[1,2]", "", "\"x\""), "\"x\""); }

TEST(Set, KeysWithNulAreStoredAsTheirText) {
    const Bytes before = document("{\"a\\u0000\":1}");
    const Bytes value = document("2");
    DocumentBuilder out;
    const JsonPointer path = JsonPointer::parse(std::string_view("/a\0", 3)).value();
    EXPECT_EQ(outcome(apply_set(out, Value::of(before), path, Value::of(value))),
              "{\"a\\u0000\":2}");
}

TEST(Set, ParentThatIsMissingIsAnError) {
    EXPECT_EQ(set("{}", "/a/b", "1"), "path_not_found");
    EXPECT_EQ(set(R"({"a":1})", "/a/b", "1"), "path_not_found");
    EXPECT_EQ(set("[1]", "/2", "1"), "path_not_found");
    EXPECT_EQ(set("[1]", "/-/a", "1"), "path_not_found");
    EXPECT_EQ(set("[1]", "/x", "1"), "path_not_found");
    EXPECT_EQ(set("[1]", "/00", "1"), "path_not_found");
    EXPECT_EQ(set("1", "/a", "1"), "path_not_found");
}

TEST(Set, ResultKeepsToTheLimits) {
    const std::string deep =
        std::string(limits::depth_max, '[') + std::string(limits::depth_max, ']');
    std::string path;
    for (std::size_t i = 1; i < limits::depth_max; ++i) path += "/0";
    EXPECT_EQ(set(deep, path + "/0", "1"), "[" + std::string(limits::depth_max - 1, '[') + "1" +
                                               std::string(limits::depth_max, ']'));
    EXPECT_EQ(set(deep, path + "/0", "[]"), "too_deep");
    EXPECT_EQ(set("{}", "/" + std::string(limits::key_bytes_max + 1, 'k'), "1"), "key_too_long");
    const std::string half = "\"" + std::string(limits::document_bytes_max / 2, 'x') + "\"";
    EXPECT_EQ(set("[" + half + "]", "/-", half), "document_too_large");
}

struct Example {
    const char* old;
    const char* patch;
    const char* result;
};

TEST(MergePatch, ExamplesOfRfc7396AppendixA) {
    const Example examples[] = {
        {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
        {R"({"a":"b"})", R"({"a":null})", "{}"},
        {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
        {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
        {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
        {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
        {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
        {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
        {R"({"a":"foo"})", "null", "null"},
        {R"({"a":"foo"})", R"("bar")", R"("bar")"},
        {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
        {"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
        {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
    };
    for (const auto& [old, change, result] : examples) EXPECT_EQ(merge(old, change), result);
}

TEST(MergePatch, WithoutAnOldDocumentNullsAreLeftOut) {
    const Bytes change = document(R"({"a":{"b":null,"c":1},"d":null})");
    DocumentBuilder out;
    EXPECT_EQ(outcome(apply_merge(out, std::nullopt, Value::of(change))), R"({"a":{"c":1}})");
}

TEST(MergePatch, MembersOfBothSidesInterleave) {
    EXPECT_EQ(merge(R"({"a":1,"c":3,"e":5,"g":7})", R"({"b":2,"c":null,"d":4,"g":8,"h":9})"),
              R"({"a":1,"b":2,"d":4,"e":5,"g":8,"h":9})");
}

TEST(JsonPatch, ExamplesOfRfc6902AppendixA) {
    const Example examples[] = {
        {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
         R"({"baz":"qux","foo":"bar"})"},
        {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
         R"({"foo":["bar","qux","baz"]})"},
        {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
        {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
         R"({"foo":["bar","baz"]})"},
        {R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
         R"({"baz":"boo","foo":"bar"})"},
        {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
         R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
         R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
        {R"({"foo":["all","grass","cows","eat"]})",
         R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
         R"({"foo":["all","cows","eat","grass"]})"},
        {R"({"baz":"qux","foo":["a",2,"c"]})",
         R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
         R"({"baz":"qux","foo":["a",2,"c"]})"},
        {R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", "test_failed"},
        {R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
         R"({"child":{"grandchild":{}},"foo":"bar"})"},
        {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
         R"({"baz":"qux","foo":"bar"})"},
        {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", "path_not_found"},
        {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
        {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", "test_failed"},
        {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
         R"({"foo":["bar",["abc","def"]]})"},
    };
    for (const auto& [old, operations, result] : examples) {
        EXPECT_EQ(patch(old, operations), result) << operations;
    }
    // A.13: an invalid patch. A text with a duplicate key is rejected earlier.
    EXPECT_EQ(
        document_from_json(R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])").error(),
        Errc::duplicate_key);
}

TEST(JsonPatch, OperationsSeeWhatTheOnesBeforeDid) {
    EXPECT_EQ(patch("{}", R"([{"op":"add","path":"/a","value":{"b":[1]}},
                              {"op":"add","path":"/a/b/0","value":0},
                              {"op":"test","path":"/a","value":{"b":[0,1]}},
                              {"op":"copy","from":"/a/b","path":"/c"},
                              {"op":"remove","path":"/a/b/1"},
                              {"op":"add","path":"/c/-","value":2}])"),
              R"({"a":{"b":[0]},"c":[0,1,2]})");
}

TEST(JsonPatch, CopiesAreIndependent) {
    EXPECT_EQ(patch(R"({"a":{"x":{"y":1}}})", R"([{"op":"replace","path":"/a/x/y","value":2},
                              {"op":"copy","from":"/a","path":"/b"},
                              {"op":"replace","path":"/a/x/y","value":3},
                              {"op":"copy","from":"/b","path":"/c"},
                              {"op":"add","path":"/c/x/z","value":4},
                              {"op":"remove","path":"/b/x/y"}])"),
              R"({"a":{"x":{"y":3}},"b":{"x":{}},"c":{"x":{"y":2,"z":4}}})");
}

TEST(JsonPatch, DocumentCanBeCopiedIntoItself) {
    EXPECT_EQ(patch(R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"},
                                      {"op":"copy","from":"","path":"/b/c"},
                                      {"op":"replace","path":"/b/c/a","value":2}])"),
              R"({"a":1,"b":{"a":1,"c":{"a":2,"b":{"a":1}}}})");
}

TEST(JsonPatch, WholeDocumentIsReplacedByAnEmptyPath) {
    EXPECT_EQ(patch("{}", R"([{"op":"add","path":"","value":[1]}])"), "[1]");
    EXPECT_EQ(patch("{}", R"([{"op":"replace","path":"","value":7}])"), "7");
    EXPECT_EQ(patch(R"({"a":[1]})", R"([{"op":"move","from":"/a","path":""}])"), "[1]");
    EXPECT_EQ(patch("5", R"([{"op":"test","path":"","value":5}])"), "5");
    EXPECT_EQ(patch("5", R"([{"op":"remove","path":""}])"), "bad_patch");
}

TEST(JsonPatch, EmptyPatchChangesNothing) { EXPECT_EQ(patch(R"({"a":1})", "[]"), R"({"a":1})"); }

TEST(JsonPatch, AddReplacesAnExistingMember) {
    EXPECT_EQ(patch(R"({"a":1})", R"([{"op":"add","path":"/a","value":2}])"), R"({"a":2})");
}

TEST(JsonPatch, MoveOntoItselfChangesNothing) {
    EXPECT_EQ(patch(R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])"), R"({"a":1})");
    EXPECT_EQ(patch("{}", R"([{"op":"move","from":"/a","path":"/a"}])"), "path_not_found");
}

TEST(JsonPatch, PathsThatLeadNowhereAreErrors) {
    for (const char* operations :
         {R"([{"op":"remove","path":"/x"}])", R"([{"op":"replace","path":"/x","value":1}])",
          R"([{"op":"test","path":"/x","value":1}])", R"([{"op":"copy","from":"/x","path":"/y"}])",
          R"([{"op":"move","from":"/x","path":"/y"}])", R"([{"op":"remove","path":"/a/-"}])",
          R"([{"op":"add","path":"/a/3","value":1}])", R"([{"op":"add","path":"/a/01","value":1}])",
          R"([{"op":"add","path":"/a/0/x","value":1}])"}) {
        EXPECT_EQ(patch(R"({"a":[1,2]})", operations), "path_not_found") << operations;
    }
}

TEST(JsonPatch, InvalidPatchIsRefused) {
    for (const char* operations :
         {"{}", "1", "[1]", "[{}]", R"([{"op":"add","value":1}])", R"([{"op":"add","path":"/a"}])",
          R"([{"op":"append","path":"/a","value":1}])", R"([{"op":1,"path":"/a","value":1}])",
          R"([{"op":"add","path":1,"value":1}])", R"([{"op":"add","path":"a","value":1}])",
          R"([{"op":"copy","path":"/a"}])", R"([{"op":"move","from":"/a","path":"/a/b"}])",
          R"([{"op":"move","from":"","path":"/a"}])"}) {
        EXPECT_EQ(patch(R"({"a":{}})", operations), "bad_patch") << operations;
    }
}

TEST(JsonPatch, ErrorNamesTheOperation) {
    const Error error =
        patch_error("{}", R"([{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"}])");
    EXPECT_EQ(error, Errc::path_not_found);
    EXPECT_EQ(error.detail, "operation 1: '/b': no such member");
}

TEST(JsonPatch, NumberOfOperationsHasALimit) {
    std::string operations = "[";
    for (std::size_t i = 0; i < limits::patch_operations_max; ++i) {
        operations += R"({"op":"add","path":"/-","value":1},)";
    }
    operations.back() = ']';
    EXPECT_NE(patch("[]", operations), "bad_patch");
    operations.back() = ',';
    EXPECT_EQ(patch("[]", operations + R"({"op":"remove","path":"/0"}])"), "bad_patch");
}

TEST(JsonPatch, AValueMayBeAsDeepAsADocument) {
    const std::string deepest =
        std::string(limits::depth_max, '[') + std::string(limits::depth_max, ']');
    EXPECT_EQ(patch("1", R"([{"op":"replace","path":"","value":)" + deepest + "}]"), deepest);
    EXPECT_EQ(patch(deepest, R"([{"op":"test","path":"","value":)" + deepest + "}]"), deepest);
    EXPECT_EQ(patch("[]", R"([{"op":"add","path":"/0","value":)" + deepest + "}]"), "too_deep");
}

TEST(JsonPatch, TestComparesNumbersByTheirValue) {
    const std::string old = R"({"big":9007199254740993,"list":[1,{"two":2.0}],"one":1,"zero":0})";
    const auto test = [&](std::string_view path, std::string_view value) {
        return patch(old, R"([{"op":"test","path":")" + std::string(path) + R"(","value":)" +
                              std::string(value) + "}]");
    };
    EXPECT_EQ(test("/one", "1.0"), old);
    EXPECT_EQ(test("/one", "1e0"), old);
    EXPECT_EQ(test("/zero", "-0.0"), old);
    EXPECT_EQ(test("/list", R"([1.0,{"two":2}])"), old);
    EXPECT_EQ(test("/one", "1.5"), "test_failed");
    EXPECT_EQ(test("/one", "true"), "test_failed");
    EXPECT_EQ(test("/big", "9007199254740992.0"), "test_failed");
}

TEST(JsonPatch, DoublingIsCutByTheBudget) {
    std::string operations = "[";
    for (int i = 0; i < 100; ++i) operations += R"({"op":"copy","from":"/a","path":"/a/-"},)";
    operations.back() = ']';
    EXPECT_EQ(patch(R"({"a":["x"]})", operations), "patch_too_costly");
}

TEST(JsonPatch, WideDoublingIsCutByTheBudget) {
    // Each round makes an array with four copies of the previous one: 4^16 values.
    std::string operations = "[";
    for (int i = 0; i < 16; ++i) {
        operations += R"({"op":"add","path":"/new","value":[]},)";
        for (int n = 0; n < 4; ++n) operations += R"({"op":"copy","from":"/old","path":"/new/-"},)";
        operations += R"({"op":"move","from":"/new","path":"/old"},)";
    }
    operations.back() = ']';
    EXPECT_EQ(patch(R"({"old":"x"})", operations), "patch_too_costly");
}

TEST(JsonPatch, ThousandsOfOperationsOnMillionsOfElementsAreRefused) {
    std::string old = "[0";
    for (int i = 0; i < 2'000'000; ++i) old += ",1";
    std::string operations = "[";
    for (int i = 0; i < 4000; ++i) operations += R"({"op":"add","path":"/0","value":1},)";
    operations.back() = ']';
    const Error error = patch_error(old + "]", operations);
    EXPECT_EQ(error, Errc::patch_too_costly);
}

TEST(JsonPatch, TestsOfALargeValueAreChargedToTheBudget) {
    const std::string text(1'000'000, 'x');
    std::string operations = "[";
    for (int i = 0; i < 40; ++i) {
        operations += R"({"op":"test","path":"/a","value":")" + text + "\"},";
    }
    operations.back() = ']';
    const std::string old = R"({"a":")" + text + "\"}";
    EXPECT_EQ(patch(old, operations), old);
    const Bytes before = document(old);
    const Bytes change = document_from_json(operations, json_patch_limits).value();
    DocumentBuilder out;
    PatchBudget budget(100'000);
    const auto refused =
        apply_json_patch(out, Value::of(before), Value::of(change), nullptr, &budget);
    EXPECT_EQ(refused.error(), Errc::patch_too_costly);
    EXPECT_EQ(refused.error().detail, "operation 6");
    EXPECT_EQ(budget.left(), 0U);
}

TEST(JsonPatch, PatchesOfOneRequestShareABudget) {
    const Bytes before = document("[1,2,3]");
    const Bytes change = document(R"([{"op":"add","path":"/0","value":0}])");
    DocumentBuilder out;
    PatchBudget budget(1000);
    int applied = 0;
    while (apply_json_patch(out, Value::of(before), Value::of(change), nullptr, &budget)) ++applied;
    EXPECT_GT(applied, 10);
    EXPECT_LT(applied, 100);
    EXPECT_EQ(outcome(apply_merge(out, Value::of(before), Value::of(change), nullptr, &budget)),
              "patch_too_costly");
    EXPECT_EQ(outcome(apply_set(out, Value::of(before), JsonPointer::parse("/0").value(),
                                Value::of(change), nullptr, &budget)),
              "patch_too_costly");
}

TEST(MergePatch, IsChargedToTheBudget) {
    std::string old = R"({"a":0)";
    for (int i = 0; i < 10'000; ++i) old += ",\"k" + std::to_string(i) + "\":1";
    const Bytes before = document(old + "}");
    const Bytes change = document(R"({"a":1})");
    DocumentBuilder out;
    PatchBudget enough(30'000);
    EXPECT_TRUE(apply_merge(out, Value::of(before), Value::of(change), nullptr, &enough));
    PatchBudget little(10'000);
    EXPECT_EQ(outcome(apply_merge(out, Value::of(before), Value::of(change), nullptr, &little)),
              "patch_too_costly");
}

TEST(JsonPatch, RandomSetsAgreeWithSet) {
    test::RandomJson random(9);
    for (int i = 0; i < 300; ++i) {
        const std::string value = random.next();
        const std::string old =
            R"({"a":[)" + random.next() + R"(],"m":{"x":)" + random.next() + "}}";
        for (const char* path : {"/a/0", "/m/x", "/b", "/m/y", "/z"}) {
            const std::string expected = set(old, path, value);
            const bool exists = std::string_view(path) == "/a/0";
            EXPECT_EQ(patch(old, std::string(R"([{"op":")") + (exists ? "replace" : "add") +
                                     R"(","path":")" + path + R"(","value":)" + value + "}]"),
                      expected);
        }
    }
}

}  // namespace
}  // namespace ringside
