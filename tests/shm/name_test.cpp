#include "shm/name/name.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"

namespace ringside {
namespace {

TEST(Name, LevelsOfUtf8AreAccepted) {
    for (const std::string name : {"a", "event/42/seat/A12", "Zürich/日本", "$sys/session/7", "a b",
                                   ".", "a.b-c_d~e:f?[x]"}) {
        EXPECT_TRUE(check_name(name)) << name;
    }
}

TEST(Name, InvalidNameIsRefused) {
    for (const std::string& name :
         {std::string(), std::string("/"), std::string("/a"), std::string("a/"),
          std::string("a//b"), std::string("a\nb"), std::string("a\x7F"), std::string("a\0b", 3),
          std::string("a/*"), std::string("a*"), std::string("\xFF"), std::string("\xC0\x80"),
          std::string("a\xC3"), std::string("a\u0080"), std::string("a\u009Bb"),
          std::string("\u009F")}) {
        const auto result = check_name(name);
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error(), Errc::bad_name);
        EXPECT_FALSE(result.error().detail.empty());
    }
}

/// Checks a name byte by byte.
bool is_name(std::string_view name) {
    if (name.empty() || !is_utf8(name)) return false;
    char before = '/';
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7F' || c == '*') return false;
        if (before == '\xC2' && static_cast<unsigned char>(c) < 0xA0) return false;
        if (c == '/' && before == '/') return false;
        before = c;
    }
    return before != '/';
}

TEST(Name, EveryByteIsChecked) {
    constexpr std::string_view odd("/*\x1F\x20\x7F\x7E.0\x80\xC3\xA9\x01\x00+\xFF\xC2", 16);
    std::mt19937 random(5);
    for (int i = 0; i < 100'000; ++i) {
        std::string name(random() % 28, 'n');
        for (char& c : name) {
            if (random() % 6 == 0) c = random() % 2 == 0 ? '/' : odd[random() % odd.size()];
        }
        ASSERT_EQ(check_name(name).has_value(), is_name(name)) << name;
    }
}

TEST(Name, C1ControlsAreAcceptedOfEarlierReleases) {
    EXPECT_TRUE(check_stored_name("a\u009Bb"));
    EXPECT_TRUE(check_name("a\u00A0b")) << "no control character";
    EXPECT_FALSE(check_stored_name("a\nb"));
    EXPECT_FALSE(check_stored_name("a//b"));
}

TEST(Name, LengthHasALimit) {
    const std::string longest(limits::name_bytes_max, 'n');
    EXPECT_TRUE(check_name(longest));
    EXPECT_EQ(check_name(longest + "n").error(), Errc::name_too_long);
}

TEST(Name, FirstLevelEndsAtTheFirstSeparator) {
    EXPECT_EQ(first_level("event/42/seat"), "event");
    EXPECT_EQ(first_level("event"), "event");
}

}  // namespace
}  // namespace ringside
