#include "shm/document/pointer.hpp"

#include <gtest/gtest.h>

#include "shm/base/limits.hpp"

namespace ringside {
namespace {

JsonPointer pointer(std::string_view text) { return JsonPointer::parse(text).value(); }

using Tokens = std::vector<std::string>;

TEST(JsonPointer, TokensAreUnescaped) {
    EXPECT_EQ(pointer("").tokens(), Tokens{});
    EXPECT_EQ(pointer("/").tokens(), Tokens{""});
    EXPECT_EQ(pointer("/a~1b/m~0n//0").tokens(), (Tokens{"a/b", "m~n", "", "0"}));
    EXPECT_EQ(pointer("/~01").tokens(), Tokens{"~1"});
    EXPECT_EQ(pointer("/a/").tokens(), (Tokens{"a", ""}));
}

TEST(JsonPointer, TextIsKeptAsItWas) { EXPECT_EQ(pointer("/a~1b").text(), "/a~1b"); }

TEST(JsonPointer, InvalidPointerIsRefused) {
    for (const std::string text : {"a", "a/b", "#/a", "/~", "/~2", "/a~", "/\xFF"}) {
        const auto result = JsonPointer::parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error(), Errc::bad_pointer);
    }
}

TEST(JsonPointer, LengthHasALimit) {
    const std::string longest = "/" + std::string(limits::pointer_bytes_max - 1, 'x');
    EXPECT_TRUE(JsonPointer::parse(longest));
    EXPECT_EQ(JsonPointer::parse(longest + "x").error(), Errc::bad_pointer);
}

TEST(JsonPointer, IndexHasOneForm) {
    EXPECT_EQ(JsonPointer::array_index("0", 5), 0U);
    EXPECT_EQ(JsonPointer::array_index("12", 5), 12U);
    EXPECT_EQ(JsonPointer::array_index("-", 5), 5U);
    for (const char* token :
         {"", "00", "01", "+1", "-1", "1a", " 1", "1.0", "99999999999999999999999999"}) {
        EXPECT_EQ(JsonPointer::array_index(token, 5), std::nullopt) << token;
    }
}

TEST(JsonPointer, PrefixIsByTokens) {
    EXPECT_TRUE(pointer("/a").is_prefix_of(pointer("/a/b")));
    EXPECT_TRUE(pointer("").is_prefix_of(pointer("/a")));
    EXPECT_TRUE(pointer("/a").is_prefix_of(pointer("/a")));
    EXPECT_FALSE(pointer("/a").is_prefix_of(pointer("/ab")));
    EXPECT_FALSE(pointer("/a/b").is_prefix_of(pointer("/a")));
}

TEST(JsonPointer, PointerAffectsParentsAndChildren) {
    EXPECT_TRUE(pointer("/a/b").affects(pointer("/a")));
    EXPECT_TRUE(pointer("/a").affects(pointer("/a/b")));
    EXPECT_FALSE(pointer("/a/b").affects(pointer("/a/c")));
}

}  // namespace
}  // namespace ringside
