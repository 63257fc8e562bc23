#include "shm/document/paging.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/shm/paging_support.hpp"
#include "tests/support/seeded_test.hpp"

namespace ringside {
namespace {

using test::hall;
using test::Paged;

TEST(Paging, ASmallDocumentStaysInOnePage) {
    const Paged document(R"({"a":[1,2,{"b":null}],"c":"text"})");
    document.check();
    EXPECT_EQ(document.json(), R"({"a":[1,2,{"b":null}],"c":"text"})");
}

TEST(Paging, ALargeDocumentReadsAsItWasWritten) {
    const std::string json = hall(40, 50);
    const Paged document(json);
    document.check();
    const auto plain = document_from_json(json).value();
    EXPECT_EQ(document.json(), to_json(Value::of(plain)));
    EXPECT_TRUE(document.value().is_same(Value::of(plain)));
    EXPECT_EQ(document.value()["sections"]["101"]["seats"]["A12"]["price"].as_int64(), 2012);
    EXPECT_FALSE(document.value()["sections"]["101"]["seats"]["A50"].exists());
    EXPECT_EQ(document.value()["sections"].size(), 40U);
}

TEST(Paging, AnArrayOfThousandsIsReadByIndex) {
    std::string json = "[";
    for (int i = 0; i < 30'000; ++i) json += (i ? "," : "") + std::to_string(i * 7);
    const Paged document(json + "]");
    document.check();
    const Value array = document.value();
    ASSERT_EQ(array.size(), 30'000U);
    EXPECT_GT(array.level(), 0);
    for (int i = 0; i < 30'000; i += 997) EXPECT_EQ(array[i].as_int64(), i * 7);
    EXPECT_FALSE(array[30'000].exists());
    std::int64_t expected = 0;
    for (const Value element : array.elements()) EXPECT_EQ(element.as_int64(), 7 * expected++);
}

TEST(Paging, LongStringHasASeparatePage) {
    const std::string text(100'000, 'x');
    Paged document(R"({"text":")" + text + R"(","n":1})");
    document.check();
    EXPECT_LT(document.root_bytes(), 200U);
    EXPECT_EQ(document.value()["text"].as_string(), text);
    ASSERT_TRUE(document.set("/n", "2"));
    document.check();
    EXPECT_EQ(document.value()["text"].as_string(), text);
    EXPECT_EQ(document.value()["n"].as_int64(), 2);
}

TEST(Paging, APatchWritesOnlyThePagesOnItsPath) {
    Paged document(hall(40, 500));
    const auto before = document.pages().pages();
    ASSERT_TRUE(document.set("/sections/101/seats/A12/status", R"("sold")"));
    document.check();
    EXPECT_EQ(document.value()["sections"]["101"]["seats"]["A12"]["status"].as_string(), "sold");
    std::size_t fresh = 0;
    for (const auto& [offset, bytes] : document.pages().pages()) fresh += !before.contains(offset);
    EXPECT_LE(fresh, 6U);
}

TEST(Paging, AFailedPatchLeavesTheDocumentAsItWas) {
    Paged document(hall(10, 100));
    const std::string before = document.json();
    EXPECT_EQ(document.set("/sections/101/seats/B1/status", "1").error(), Errc::path_not_found);
    EXPECT_EQ(document
                  .patch(R"([{"op":"remove","path":"/sections/101/seats/A12"},
                                 {"op":"test","path":"/name","value":"other"}])")
                  .error(),
              Errc::test_failed);
    EXPECT_EQ(document.json(), before);
}

TEST(Paging, NoRoomForAPageIsReported) {
    Paged document(hall(10, 100));
    document.pages().pages_max = 0;
    EXPECT_EQ(document.set("/sections/101/seats/A12/status", "1").error(), Errc::grid_full);
}

TEST(Paging, NestingIsLimitedThroughPages) {
    std::string json = "{";
    for (int i = 0; i < 500; ++i) json += "\"k" + std::to_string(i) + "\":{\"a\":{}},";
    Paged document(json + "\"z\":0}");
    const auto deep = [](std::size_t levels) {
        return std::string(levels, '[') + std::string(levels, ']');
    };
    EXPECT_TRUE(document.set("/k7/a/b", deep(limits::depth_max - 3)));
    EXPECT_EQ(document.set("/k8/a/b", deep(limits::depth_max - 2)).error(), Errc::too_deep);
}

TEST(Paging, TheSizeOfADocumentIsLimitedThroughPages) {
    Paged document(hall(2, 100));
    const std::string text = '"' + std::string(1U << 20, 'x') + '"';
    Result<ByteView> last = ByteView();
    int added = 0;
    for (; added < 20 && last; ++added) last = document.set("/t" + std::to_string(added), text);
    EXPECT_EQ(last.error(), Errc::document_too_large);
    EXPECT_EQ(added, 16);
}

TEST(Paging, MovingAContainerKeepsItsPages) {
    Paged document(hall(4, 200));
    const auto before = document.pages().pages();
    ASSERT_TRUE(document.patch(R"([{"op":"move","from":"/sections/101/seats","path":"/moved"}])"));
    document.check();
    EXPECT_EQ(document.value()["moved"]["A12"]["price"].as_int64(), 2012);
    ASSERT_TRUE(document.patch(R"([{"op":"copy","from":"/moved","path":"/twin"}])"));
    document.check();
    EXPECT_TRUE(document.value()["moved"].is_same(document.value()["twin"]));
}

TEST(Paging, EmptyingAContainerFreesAllOfItsPages) {
    Paged document(R"({"all":)" + hall(1, 300) + "}");
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(document.patch(R"([{"op":"remove","path":"/all/sections/100/seats/A)" +
                                   std::to_string(i) + "\"}]"));
        document.check();
    }
    EXPECT_EQ(document.json(), R"({"all":{"name":"hall","sections":{"100":{"seats":{}}}}})");
    EXPECT_TRUE(document.pages().pages().empty());
}

/// Applies random patches to a document in pages and to the same document in a single page.
class PagingModel : public testing::SeededTest {
protected:
    std::uint64_t random_() { return generator_.word(); }
    std::string key() { return "k" + std::to_string(random_() % 400); }
    std::string scalar() {
        switch (random_() % 6) {
            case 0: return "null";
            case 1: return std::to_string(random_() % 100'000);
            case 2: return "1." + std::to_string(random_() % 1000 + 1);
            case 3: return '"' + std::string(random_() % 60, 'a') + '"';
            case 4: return random_() % 40 == 0 ? '"' + std::string(3000, 'b') + '"' : "true";
            default: return "-7";
        }
    }
    std::string value(int depth) {
        if (depth == 0 || random_() % 3 != 0) return scalar();
        std::string json;
        const bool is_object = random_() % 2 == 0;
        const std::size_t size = random_() % 8 == 0 ? random_() % 200 : random_() % 6;
        std::map<std::string, std::string> members;
        for (std::size_t i = 0; i < size; ++i) members[key()] = value(depth - 1);
        for (const auto& [name, member] : members) {
            json += (json.empty() ? "" : ",") + (is_object ? '"' + name + "\":" : "") + member;
        }
        return is_object ? '{' + json + '}' : '[' + json + ']';
    }
    /// Returns a path that usually exists. Its last token may be new.
    std::string path(const Value& at, int depth) {
        if (at.is_object()) {
            if (at.size() == 0 || random_() % 6 == 0) return "/" + key();
            const auto member = at.member(random_() % at.size());
            const std::string text = "/" + std::string(member.key);
            if (depth == 0 || random_() % 3 == 0) return text;
            return text + path(member.value, depth - 1);
        }
        if (at.is_array()) {
            const std::size_t index = random_() % (at.size() + 1);
            const std::string text = "/" + std::to_string(index);
            if (depth == 0 || index == at.size() || random_() % 3 == 0) return text;
            return text + path(at[index], depth - 1);
        }
        return random_() % 10 == 0 ? "/none" : "";
    }
    std::string operation(const Value& document) {
        const auto quoted = [&] { return '"' + path(document, 3) + '"'; };
        switch (random_() % 6) {
            case 0: return R"({"op":"remove","path":)" + quoted() + "}";
            case 1:
                return R"({"op":"replace","path":)" + quoted() + R"(,"value":)" + value(2) + "}";
            case 2: return R"({"op":"move","path":)" + quoted() + R"(,"from":)" + quoted() + "}";
            case 3: return R"({"op":"copy","path":)" + quoted() + R"(,"from":)" + quoted() + "}";
            default: return R"({"op":"add","path":)" + quoted() + R"(,"value":)" + value(2) + "}";
        }
    }

private:
    testing::Random generator_ = random(0);
};

TEST_F(PagingModel, PatchesOfPagesMakeWhatPatchesOfOneBufferMake) {
    for (int round = 0; round < 12; ++round) {
        Paged paged(hall(random_() % 3, 30 + random_() % 60));
        Bytes plain = document_from_json(paged.json()).value();
        DocumentBuilder out;
        for (int step = 0; step < 150; ++step) {
            Result<ByteView> expected = ByteView();
            Result<ByteView> actual = ByteView();
            std::string what;
            switch (random_() % 3) {
                case 0: {
                    const std::string at = path(Value::of(plain), 4);
                    const std::string json = value(3);
                    what = "set " + at + " " + json;
                    const auto with = document_from_json(json).value();
                    expected = apply_set(out, Value::of(plain), JsonPointer::parse(at).value(),
                                         Value::of(with));
                    actual = paged.set(at, json);
                    break;
                }
                case 1: {
                    what =
                        "{\"" + key() + "\":" + value(3) + ",\"" + key() + "x\":" + value(2) + "}";
                    if (random_() % 3 == 0) what = R"({"sections":{"101":{"seats":)" + what + "}}}";
                    const auto with = document_from_json(what).value();
                    expected = apply_merge(out, Value::of(plain), Value::of(with));
                    actual = paged.merge(what);
                    break;
                }
                default: {
                    what = "[" + operation(Value::of(plain));
                    if (random_() % 2 == 0) what += "," + operation(Value::of(plain));
                    what += "]";
                    const auto with = document_from_json(what).value();
                    expected = apply_json_patch(out, Value::of(plain), Value::of(with));
                    actual = paged.patch(what);
                    break;
                }
            }
            ASSERT_EQ(expected.has_value(), actual.has_value())
                << what.substr(0, 300)
                << (expected ? actual.error().text() : expected.error().text());
            if (!expected) {
                ASSERT_EQ(expected.error().code, actual.error().code) << what.substr(0, 300);
                paged.check();
                continue;
            }
            plain.assign(expected->begin(), expected->end());
            ASSERT_TRUE(paged.value().is_same(Value::of(plain))) << what.substr(0, 300);
            paged.check();
            if (HasFailure()) FAIL() << what.substr(0, 300);
            if (plain.size() > 300'000) break;
        }
    }
}

}  // namespace
}  // namespace ringside
