#include "shm/name/pattern.hpp"

#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/name/glob.hpp"

namespace ringside {
namespace {

Pattern pattern(std::string_view text) { return Pattern::parse(text).value(); }

bool matches(std::string_view text, std::string_view name) { return pattern(text).matches(name); }

TEST(Pattern, WithoutWildcardMatchesItself) {
    EXPECT_TRUE(matches("a/b", "a/b"));
    EXPECT_FALSE(matches("a/b", "a/bc"));
    EXPECT_FALSE(matches("a/b", "a"));
    EXPECT_FALSE(matches("a/b", "a/b/c"));
}

TEST(Pattern, StarStaysWithinItsLevel) {
    EXPECT_TRUE(matches("a/*", "a/b"));
    EXPECT_FALSE(matches("a/*", "a/b/c"));
    EXPECT_FALSE(matches("a/*", "a"));
    EXPECT_TRUE(matches("a/*/c", "a/b/c"));
    EXPECT_FALSE(matches("*", "a/b"));
    EXPECT_TRUE(matches("*/*", "a/b"));
}

TEST(Pattern, StarStandsForAnyPartOfALevel) {
    EXPECT_TRUE(matches("seat-*", "seat-12"));
    EXPECT_TRUE(matches("seat-*", "seat-"));
    EXPECT_TRUE(matches("*-*-x", "a-b-c-x"));
    EXPECT_TRUE(matches("a*b*c", "abbbcbc"));
    EXPECT_FALSE(matches("a*b*c", "abbbcb"));
    EXPECT_FALSE(matches("seat-*", "seat"));
}

TEST(Pattern, TwoStarsStandForAnyLevels) {
    EXPECT_TRUE(matches("a/**", "a"));
    EXPECT_TRUE(matches("a/**", "a/b"));
    EXPECT_TRUE(matches("a/**", "a/b/c"));
    EXPECT_FALSE(matches("a/**", "ab"));
    EXPECT_TRUE(matches("**", "a/b/c"));
    EXPECT_TRUE(matches("**/c", "c"));
    EXPECT_TRUE(matches("**/c", "a/b/c"));
    EXPECT_FALSE(matches("**/c", "a/b/cc"));
    EXPECT_TRUE(matches("a/**/d", "a/d"));
    EXPECT_TRUE(matches("a/**/d", "a/b/c/d"));
    EXPECT_TRUE(matches("a/**/b/**/c", "a/x/b/b/y/c"));
    EXPECT_FALSE(matches("a/**/b/**/c", "a/x/y/c"));
    EXPECT_TRUE(matches("**/*-1/**", "x/seat-1/y"));
}

using Levels = std::vector<std::string>;

Levels split(const std::string& text) {
    Levels levels{""};
    for (const char c : text) {
        if (c == '/') {
            levels.emplace_back();
        } else {
            levels.back() += c;
        }
    }
    return levels;
}

/// The meaning of `*`, implemented without regard to cost.
bool level_matches_slowly(std::string_view pattern, std::string_view level) {
    if (pattern.empty()) return level.empty();
    if (pattern.front() == '*' && level_matches_slowly(pattern.substr(1), level)) return true;
    if (level.empty()) return false;
    if (pattern.front() == '*') return level_matches_slowly(pattern, level.substr(1));
    return pattern.front() == level.front() &&
           level_matches_slowly(pattern.substr(1), level.substr(1));
}

/// The meaning of `**`, implemented without regard to cost.
bool matches_slowly(std::span<const std::string> pattern, std::span<const std::string> name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() == "**") {
        return matches_slowly(pattern.subspan(1), name) ||
               (!name.empty() && matches_slowly(pattern, name.subspan(1)));
    }
    return !name.empty() && level_matches_slowly(pattern.front(), name.front()) &&
           matches_slowly(pattern.subspan(1), name.subspan(1));
}

TEST(Pattern, AgreesWithThePlainDefinition) {
    std::mt19937 random(3);
    const std::vector<std::string> levels = {"a", "b", "ab", "*", "**", "a*", "*b", "a*b"};
    int matched = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string text = levels[random() % 8];
        for (std::size_t n = random() % 4; n > 0; --n) text += "/" + levels[random() % 8];
        std::string name = levels[random() % 3];
        for (std::size_t n = random() % 5; n > 0; --n) name += "/" + levels[random() % 3];
        const bool expected = matches_slowly(split(text), split(name));
        ASSERT_EQ(matches(text, name), expected) << text << " " << name;
        matched += expected ? 1 : 0;

        const Pattern parsed = pattern(text);
        const auto prefix = parsed.literal_prefix();
        if (expected) {
            ASSERT_TRUE(name.starts_with(prefix)) << text << " " << name;
        }
        if (parsed.matches_everything_below_prefix()) {
            const bool is_below = name == prefix || name.starts_with(std::string(prefix) + "/");
            ASSERT_EQ(is_below, expected) << text << " " << name;
        }
    }
    EXPECT_GT(matched, 1000);
}

TEST(Pattern, LiteralPrefixIsWhatEveryMatchBeginsWith) {
    EXPECT_EQ(pattern("event/*/seat").literal_prefix(), "event/");
    EXPECT_EQ(pattern("event/se*").literal_prefix(), "event/se");
    EXPECT_EQ(pattern("event/**").literal_prefix(), "event");
    EXPECT_EQ(pattern("event/**/seat").literal_prefix(), "event/");
    EXPECT_EQ(pattern("event/42").literal_prefix(), "event/42");
    EXPECT_EQ(pattern("**").literal_prefix(), "");
}

TEST(Pattern, IsLiteralWithoutWildcard) {
    EXPECT_TRUE(pattern("a/b").is_literal());
    EXPECT_FALSE(pattern("a/*").is_literal());
    EXPECT_FALSE(pattern("a/**").is_literal());
    EXPECT_FALSE(pattern("**").is_literal());
}

TEST(Pattern, FirstLevelIsKnownWhereItHasNoWildcard) {
    EXPECT_EQ(pattern("event/*").literal_first_level(), "event");
    EXPECT_EQ(pattern("event/**").literal_first_level(), "event");
    EXPECT_EQ(pattern("event").literal_first_level(), "event");
    EXPECT_EQ(pattern("ev*/x").literal_first_level(), std::nullopt);
    EXPECT_EQ(pattern("**/x").literal_first_level(), std::nullopt);
}

TEST(Pattern, PrefixDecidesForASubtreeOnly) {
    EXPECT_FALSE(pattern("**").matches_everything_below_prefix());
    EXPECT_TRUE(pattern("a/b/**").matches_everything_below_prefix());
    EXPECT_FALSE(pattern("a/b").matches_everything_below_prefix());
    EXPECT_FALSE(pattern("a/*").matches_everything_below_prefix());
    EXPECT_FALSE(pattern("a*/**").matches_everything_below_prefix());
    EXPECT_FALSE(pattern("a/**/b").matches_everything_below_prefix());
}

TEST(Pattern, AWildcardAtTheBeginningIsNotForNamesOfTheGridItself) {
    EXPECT_FALSE(matches("**", "$sys/session/7"));
    EXPECT_FALSE(matches("*/session/*", "$sys/session/7"));
    EXPECT_FALSE(matches("**/7", "$sys/session/7"));
    EXPECT_TRUE(matches("$sys/**", "$sys/session/7"));
    EXPECT_TRUE(matches("$*/session/7", "$sys/session/7"));
    EXPECT_TRUE(matches("**", "a/$b"));
}

TEST(Pattern, CoversWhatItIsCertainToMatch) {
    const auto covers = [](std::string_view one, std::string_view other) {
        return pattern(one).covers(pattern(other));
    };
    EXPECT_TRUE(covers("a/*", "a/*"));
    EXPECT_TRUE(covers("a/*", "a/b"));
    EXPECT_TRUE(covers("**", "a/**/b"));
    EXPECT_TRUE(covers("a/**", "a/**"));
    EXPECT_TRUE(covers("a/**", "a/b/**"));
    EXPECT_TRUE(covers("a/**", "a/b*/c"));
    EXPECT_FALSE(covers("**", "$sys/**"));
    EXPECT_FALSE(covers("a/*", "a/**"));
    EXPECT_FALSE(covers("a/**", "ab/**"));
    EXPECT_FALSE(covers("a/**", "ab*"));
    EXPECT_FALSE(covers("a/**", "a*"));
    EXPECT_FALSE(covers("a/**", "**"));
    EXPECT_FALSE(covers("a/b", "a/*"));
}

TEST(Pattern, InvalidPatternIsRefused) {
    for (const std::string text :
         {"", "/", "a/", "/a", "a//b", "a**", "**a", "a/**b", "***", "a/b**/c", "a\n", "\xFF"}) {
        const auto result = Pattern::parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error(), Errc::bad_pattern);
    }
    EXPECT_FALSE(Pattern::parse(std::string(limits::pattern_bytes_max + 1, 'p')));
}

TEST(Pattern, ManyWildcardsDoNotExplode) {
    std::string text = "**";
    for (int i = 0; i < 200; ++i) text += "/*a";
    std::string stars = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    std::string name = "a";
    for (int i = 0; i < 500; ++i) name += "/a";
    const auto expect_few_steps = [](const std::string& pattern, const std::string& matched) {
        std::size_t steps = 0;
        EXPECT_FALSE(glob::matches(pattern, matched, [&steps] { ++steps; }));
        EXPECT_LE(steps, pattern.size() * matched.size());
        EXPECT_FALSE(matches(pattern, matched));
    };
    expect_few_steps(text + "/b", name);
    expect_few_steps(stars, std::string(limits::name_bytes_max, 'a'));
}

}  // namespace
}  // namespace ringside
