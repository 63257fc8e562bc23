#include "shm/name/name.hpp"

#include <gtest/gtest.h>

#include <string>

#include "shm/base/limits.hpp"

namespace ringside {
namespace {

TEST(Name, LevelsOfUtf8AreAccepted) {
    for (const std::string name : {"a", "event/42/seat/A12", "Zürich/日本", "$sys/session/7", "a b",
                                   ".", "a.b-c_d~e:f?[x]"}) {
        EXPECT_TRUE(check_name(name)) << name;
    }
}

TEST(Name, WhatIsNotANameIsRefused) {
    for (const std::string& name :
         {std::string(), std::string("/"), std::string("/a"), std::string("a/"),
          std::string("a//b"), std::string("a\nb"), std::string("a\x7F"), std::string("a\0b", 3),
          std::string("a/*"), std::string("a*"), std::string("\xFF"), std::string("\xC0\x80"),
          std::string("a\xC3")}) {
        const auto result = check_name(name);
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error(), Errc::bad_name);
        EXPECT_FALSE(result.error().detail.empty());
    }
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
