#include "shm/document/patch_budget.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/shm/paging_support.hpp"

/// Small patches that would be expensive. The budget ends them before they have written much.
namespace ringside {
namespace {

using test::Paged;

std::string numbers(int count) {
    std::string json = "[0";
    for (int i = 1; i < count; ++i) json += "," + std::to_string(i);
    return json + "]";
}

std::string repeated(const std::string& operation, int count) {
    std::string json = "[";
    for (int i = 0; i < count; ++i) json += operation + ",";
    json.back() = ']';
    return json;
}

/// The number of bytes in pages that a patch can write before it is refused.
constexpr std::size_t written_max = limits::patch_steps_max * PatchBudget::page_bytes_per_step;

TEST(PatchBudget, SpendsNothingMoreOnceItIsSpent) {
    PatchBudget budget(10);
    EXPECT_TRUE(budget.spend(7));
    EXPECT_FALSE(budget.spend(4));
    EXPECT_EQ(budget.left(), 0U);
    EXPECT_FALSE(budget.spend(1));
}

TEST(PatchBudget, CopiesOfALargeArrayAreRefused) {
    Paged document(R"({"y":0,"z":)" + numbers(25'000) + "}");
    const std::string before = document.json();
    const auto refused = document.patch(repeated(R"({"op":"copy","from":"/z","path":"/y"})", 880));
    EXPECT_EQ(refused.error(), Errc::patch_too_costly);
    EXPECT_EQ(document.json(), before);
    document.check();
    EXPECT_TRUE(document.patch(repeated(R"({"op":"copy","from":"/z","path":"/y"})", 5)));
    document.check();
}

TEST(PatchBudget, CopiesIntoTheirOwnChildAreRefused) {
    Paged document(R"({"a":[{"b":1}]})");
    const auto refused = document.patch(repeated(R"({"op":"copy","from":"","path":"/a/-"})", 21));
    EXPECT_EQ(refused.error(), Errc::patch_too_costly);
    EXPECT_EQ(document.json(), R"({"a":[{"b":1}]})");
    document.check();
}

TEST(PatchBudget, ElementsInFrontOfALargeArrayCostTheirPath) {
    Paged document(numbers(200'000));
    EXPECT_TRUE(document.patch(repeated(R"({"op":"add","path":"/0","value":-1})", 500)));
    EXPECT_EQ(document.value().size(), 200'500U);
    document.check();
    PatchBudget little(20'000);
    EXPECT_EQ(
        document.patch(repeated(R"({"op":"add","path":"/0","value":-1})", 500), &little).error(),
        Errc::patch_too_costly);
}

TEST(PatchBudget, ReplacingWhatWasCopiedIsCharged) {
    Paged document(R"({"y":0,"z":)" + numbers(25'000) + "}");
    const auto refused = document.patch(repeated(
        R"({"op":"copy","from":"/z","path":"/y"},{"op":"replace","path":"/y","value":0})", 400));
    EXPECT_EQ(refused.error(), Errc::patch_too_costly);
}

TEST(PatchBudget, TestsOfAPagedValueAreCharged) {
    const std::string list = numbers(25'000);
    Paged document(R"({"y":)" + list + R"(,"z":)" + list + "}");
    const std::string test = R"({"op":"test","path":"/z","value":)" + list + "}";
    EXPECT_TRUE(document.patch(repeated(test, 40)));
    PatchBudget little(100'000);
    EXPECT_EQ(document.patch(repeated(test, 40), &little).error(), Errc::patch_too_costly);
}

TEST(PatchBudget, ManyMembersMergedOneByOneAreCharged) {
    std::string json = R"({"k":0)";
    for (int i = 0; i < 40'000; ++i) json += ",\"k" + std::to_string(i) + "\":1";
    Paged document(json + "}");
    std::string change = R"({"k":1)";
    for (int i = 0; i < 40'000; i += 100) change += ",\"k" + std::to_string(i) + "\":2";
    change += "}";
    PatchBudget little(10'000);
    EXPECT_EQ(document.merge(change, &little).error(), Errc::patch_too_costly);
    EXPECT_EQ(document.value()["k100"].as_int64(), 1);
    EXPECT_TRUE(document.merge(change));
    EXPECT_EQ(document.value()["k100"].as_int64(), 2);
    document.check();
}

TEST(PatchBudget, AsMuchAsIsSentMayBeWritten) {
    Paged document("[]");
    const std::string list = numbers(1'000'000);
    EXPECT_TRUE(document.patch(R"([{"op":"add","path":"/-","value":)" + list + "}]"));
    EXPECT_EQ(document.value()[0].size(), 1'000'000U);
    EXPECT_TRUE(document.set("/0", '"' + std::string(15'000'000, 'x') + '"'));
}

TEST(PatchBudget, ManySmallOperationsAreAllowed) {
    Paged document("[]");
    EXPECT_TRUE(document.patch(
        repeated(R"({"op":"add","path":"/-","value":1})", limits::patch_operations_max)));
    EXPECT_EQ(document.value().size(), limits::patch_operations_max);
    document.check();
}

TEST(PatchBudget, RefusedPatchWritesABoundedAmount) {
    Paged document(R"({"y":0,"z":)" + numbers(25'000) + "}");
    const std::size_t before = document.pages().bytes_written();
    EXPECT_FALSE(document.patch(repeated(R"({"op":"copy","from":"/z","path":"/y"})", 4000)));
    EXPECT_LT(document.pages().bytes_written() - before, written_max);
}

/// This many empty objects take 16 MiB in pages, and twice as much in a single block.
std::string empty_objects() {
    std::string json = "[{}";
    for (int i = 1; i < 1'600'000; ++i) json += ",{}";
    return json + "]";
}

TEST(LargeDocument, IsEncodedInOnePieceAndDividedAgainWhateverPatchesHaveMadeOfIt) {
    Paged document(R"({"a":)" + empty_objects() + "}");
    ASSERT_TRUE(document.set("/b", empty_objects()));
    DocumentBuilder whole;
    const auto encoded = encode_whole(document.value(), whole);
    ASSERT_TRUE(encoded);
    EXPECT_GT(encoded->size(), limits::encoded_document_bytes_max);
    EXPECT_TRUE(verify_document(*encoded, {.encoded_max = limits::stored_document_bytes_max}));
    test::TestPages pages;
    Paging paging(pages);
    paging.begin();
    const auto root = paging.divide(*encoded);
    ASSERT_TRUE(root);
    EXPECT_TRUE(Value::of(*root, &pages.space()).is_same(document.value()));
}

}  // namespace
}  // namespace ringside
