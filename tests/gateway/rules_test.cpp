#include "tools/gateway/access/rules.hpp"

#include <algorithm>

#include "tests/gateway/access_test.hpp"
#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/pattern_overlap.hpp"

namespace ringside::gateway {
namespace {

class RulesTest : public testing::AccessTest {
protected:
    [[nodiscard]] Rules rules(const std::string& text) const { return load(text).value().rules; }

    static Identity identity(const std::string& user, const Claims& claims = {}) {
        return {.user = user, .claims = claims, .is_anonymous = false};
    }

    static std::string rule(const std::string& users, const std::string& action,
                            const std::string& pattern, const std::string& effect = "allow") {
        return "[[rule]]\nusers = [\"" + users + "\"]\nactions = [\"" + action +
               "\"]\npatterns = [\"" + pattern + "\"]\neffect = \"" + effect + "\"\n";
    }

    static bool may_read(const Rules& by, const Identity& who, const std::string& name) {
        return by.of(who)->decide(Action::read, name).is_allowed;
    }

    static Coverage coverage(const Rules& by, const std::string& pattern) {
        return by.of(identity("u"))->coverage(Action::read, Pattern::parse(pattern).value());
    }

    static bool overlapping(const std::string& left, const std::string& right) {
        const Pattern one = Pattern::parse(left).value();
        const Pattern other = Pattern::parse(right).value();
        EXPECT_EQ(overlap(one, other), overlap(other, one)) << left << " and " << right;
        return overlap(one, other);
    }
};

TEST_F(RulesTest, WithoutRulesKnownUsersMayDoEverything) {
    const Rules by = rules("[[certificate]]\nuser = \"a\"\ncommon_name = \"a\"\n");
    const auto permissions = by.of(identity("a"));
    for (const Action action : all_actions) {
        EXPECT_TRUE(permissions->decide(action, "x").is_allowed);
        EXPECT_TRUE(permissions->allows_all(action));
    }
    const auto anonymous = by.of({.user = "anonymous", .claims = {}, .is_anonymous = true});
    EXPECT_FALSE(anonymous->decide(Action::read, "x").is_allowed);
    EXPECT_FALSE(anonymous->allows_all(Action::read));
}

TEST_F(RulesTest, WithoutAuthenticationEverythingIsAllowed) {
    const Rules by = rules("[cors]\norigins = \"*\"\n");
    const auto anonymous = by.of({.user = "anonymous", .claims = {}, .is_anonymous = true});
    EXPECT_TRUE(anonymous->allows_all(Action::write));
}

TEST_F(RulesTest, WithARuleEverythingElseIsDenied) {
    const Rules by = rules(rule("a", "read", "x/**"));
    EXPECT_TRUE(may_read(by, identity("a"), "x/1"));
    EXPECT_FALSE(may_read(by, identity("a"), "y"));
    EXPECT_FALSE(may_read(by, identity("b"), "x/1"));
    EXPECT_FALSE(by.of(identity("a"))->decide(Action::write, "x/1").is_allowed);
    EXPECT_EQ(by.of(identity("b"))->decide(Action::read, "x/1").rule, "");
}

TEST_F(RulesTest, DoNotTakeTheGridsOwnRecordsForNamesOfAStar) {
    const Rules by = rules(rule("*", "read", "**"));
    EXPECT_TRUE(by.of(identity("a"))->allows_all(Action::read));
    EXPECT_FALSE(may_read(by, identity("a"), "$sys/session/1"));
    EXPECT_EQ(coverage(by, "$sys/**"), Coverage::none);
}

TEST_F(RulesTest, DenyOverridesEveryAllowInAnyOrder) {
    const std::string allow = rule("*", "read", "x/**");
    const std::string deny =
        "[[rule]]\nname = \"no secrets\"\nactions = [\"read\"]\n"
        "patterns = [\"x/secret/**\"]\neffect = \"deny\"\n";
    for (const std::string& text : {allow + deny, deny + allow}) {
        const Rules by = rules(text);
        const auto permissions = by.of(identity("a"));
        EXPECT_TRUE(permissions->decide(Action::read, "x/1").is_allowed);
        const Decision decision = permissions->decide(Action::read, "x/secret/1");
        EXPECT_FALSE(decision.is_allowed);
        EXPECT_EQ(decision.rule, "no secrets");
    }
    EXPECT_EQ(rules(allow).of(identity("a"))->decide(Action::read, "x/1").rule, "rule 1");
}

TEST_F(RulesTest, EachActionIsDecidedSeparately) {
    const Rules by = rules(
        "[[rule]]\nactions = [\"delete\", \"create\", \"call\"]\npatterns = [\"a\", \"b\"]\n");
    const auto permissions = by.of(identity("u"));
    for (const Action action : all_actions) {
        const bool is_allowed =
            action == Action::remove || action == Action::create || action == Action::call;
        EXPECT_EQ(permissions->decide(action, "a").is_allowed, is_allowed) << name(action);
        EXPECT_EQ(permissions->decide(action, "b").is_allowed, is_allowed) << name(action);
        EXPECT_EQ(action_of(name(action)), action);
    }
}

TEST_F(RulesTest, PlaceholdersAreFilledFromTheIdentity) {
    const Rules by = rules(rule("partner-*", "read", "partner/{user}/{claim.event}/**"));
    const Identity first = identity("partner-a", {{"event", "42"}});
    const Identity second = identity("partner-b", {{"event", "42"}});
    const Identity third = identity("partner-a", {{"event", "43"}});
    EXPECT_TRUE(may_read(by, first, "partner/partner-a/42/x"));
    EXPECT_FALSE(may_read(by, first, "partner/partner-b/42/x"));
    EXPECT_TRUE(may_read(by, second, "partner/partner-b/42/x"));
    EXPECT_FALSE(may_read(by, third, "partner/partner-a/42/x"));
    EXPECT_TRUE(may_read(by, third, "partner/partner-a/43/x"));
    EXPECT_FALSE(may_read(by, identity("other", {{"event", "42"}}), "partner/other/42/x"));
}

TEST_F(RulesTest, DoNotApplyWhereAPlaceholderHasNoValue) {
    const Rules by = rules(
        "[[rule]]\nactions = [\"read\"]\npatterns = [\"user/{user}\", \"event/{claim.event}\"]\n");
    EXPECT_TRUE(may_read(by, identity("a", {{"event", "1"}}), "user/a"));
    EXPECT_FALSE(may_read(by, identity("a"), "user/a"));
}

TEST_F(RulesTest, DoNotDenyByAPlaceholderWithoutAValue) {
    const Rules by =
        rules(rule("*", "read", "**") + rule("*", "read", "event/{claim.barred}", "deny"));
    EXPECT_TRUE(may_read(by, identity("a"), "event/1"));
    EXPECT_FALSE(may_read(by, identity("a", {{"barred", "1"}}), "event/1"));
}

TEST_F(RulesTest, UserNameCannotWidenAPattern) {
    const Rules by =
        rules(rule("**", "read", "user/{user}/**") + rule("**", "read", "{claim.tenant}/**"));
    for (const std::string text :
         {"*", "**", "a*", "a/b", "..//", "/", "", "a\n", "$sys", "\x7F", "\xFF", "{user}"}) {
        for (const std::string name : {"user/b/x", "user/a/b/x", "user/a", "b/x", "a/b/x"}) {
            EXPECT_FALSE(may_read(by, identity(text), name)) << text << " reads " << name;
            EXPECT_FALSE(may_read(by, identity("u", {{"tenant", text}}), name))
                << text << " reads " << name;
        }
    }
    EXPECT_FALSE(may_read(by, identity("u", {{"tenant", "$sys"}}), "$sys/session/1"));
    EXPECT_FALSE(may_read(by, identity("u", {{"tenant", std::string(128, 'x')}}),
                          std::string(128, 'x') + "/a"));
    EXPECT_TRUE(may_read(by, identity("u", {{"tenant", std::string(127, 'x')}}),
                         std::string(127, 'x') + "/a"));
}

TEST_F(RulesTest, IdentitiesWithEqualConcatenationsAreDistinct) {
    const Rules by = rules(rule("*", "read", "{user}/{claim.a}/{claim.b}"));
    EXPECT_TRUE(may_read(by, identity("u", {{"a", "1"}, {"b", "2"}}), "u/1/2"));
    EXPECT_TRUE(may_read(by, identity("u", {{"a", "11:2"}, {"b", "3"}}), "u/11:2/3"));
    EXPECT_FALSE(may_read(by, identity("u", {{"a", "1"}, {"b", "1:23"}}), "u/11:2/3"));
    EXPECT_FALSE(may_read(by, identity("u", {{"a", "1"}}), "u/1/2"));
    EXPECT_FALSE(may_read(by, identity("u", {{"b", "1"}}), "u/1/2"));
}

TEST_F(RulesTest, EquivalentIdentitiesSharePermissions) {
    const Rules by = rules(rule("*", "read", "{claim.a}"));
    const auto first = by.of(identity("u", {{"a", "1"}, {"jti", "1"}}));
    EXPECT_EQ(by.of(identity("u", {{"a", "1"}, {"jti", "2"}})), first);
    EXPECT_NE(by.of(identity("u", {{"a", "2"}})), first);
}

TEST_F(RulesTest, CacheOfPermissionsIsLimited) {
    const Rules by = rules(rule("*", "read", "{user}"));
    const auto first = by.of(identity("u"));
    const auto second = by.of(identity("v"));
    for (std::size_t i = 0; i + 2 < access_limits::cached_permissions_max; ++i) {
        static_cast<void>(by.of(identity(std::to_string(i))));
    }
    EXPECT_EQ(by.of(identity("u")), first) << "as many as may be";
    static_cast<void>(by.of(identity("one more")));
    EXPECT_EQ(by.of(identity("u")), first) << "the other one was unused longer";
    EXPECT_NE(by.of(identity("v")), second);
    EXPECT_TRUE(may_read(by, identity("v"), "v")) << "made again, it is the same";
}

TEST_F(RulesTest, KnowWhatTheyCoverForCertain) {
    const Rules by =
        rules(rule("*", "read", "event/*/seat/*") + rule("*", "read", "a/**") +
              rule("*", "read", "a/x/secret", "deny") + rule("*", "read", "a/closed/**", "deny"));
    EXPECT_EQ(coverage(by, "event/*/seat/*"), Coverage::all);
    EXPECT_EQ(coverage(by, "event/1/seat/2"), Coverage::all);
    EXPECT_EQ(coverage(by, "event/1/**"), Coverage::some);
    EXPECT_EQ(coverage(by, "event/1/price/*"), Coverage::none);
    EXPECT_EQ(coverage(by, "a/b/**"), Coverage::all);
    EXPECT_EQ(coverage(by, "a/x/**"), Coverage::some);
    EXPECT_EQ(coverage(by, "a/x/s*"), Coverage::some);
    EXPECT_EQ(coverage(by, "a/x/t*"), Coverage::all);
    EXPECT_EQ(coverage(by, "a/closed/1"), Coverage::none);
    EXPECT_EQ(coverage(by, "a/closed/*/b"), Coverage::none);
    EXPECT_EQ(coverage(by, "b/**"), Coverage::none);
    EXPECT_EQ(coverage(by, "**"), Coverage::some);
    EXPECT_FALSE(by.of(identity("u"))->allows_all(Action::read));
}

TEST_F(RulesTest, CoverageOfOneActionExcludesOthers) {
    const Rules by = rules(rule("*", "read", "**") + rule("*", "write", "**", "deny"));
    EXPECT_TRUE(by.of(identity("u"))->allows_all(Action::read));
    EXPECT_EQ(by.of(identity("u"))->coverage(Action::write, Pattern::parse("a").value()),
              Coverage::none);
}

TEST_F(RulesTest, KnowWhichPatternsHaveANameInCommon) {
    EXPECT_TRUE(overlapping("a", "a"));
    EXPECT_FALSE(overlapping("a", "b"));
    EXPECT_FALSE(overlapping("a", "a/b"));
    EXPECT_TRUE(overlapping("a/**", "a"));
    EXPECT_TRUE(overlapping("**", "a/*/c"));
    EXPECT_TRUE(overlapping("*/b", "a/*"));
    EXPECT_FALSE(overlapping("*/b", "a/*/c"));
    EXPECT_TRUE(overlapping("a*", "*b"));
    EXPECT_FALSE(overlapping("x/a*c", "x/*b"));
    EXPECT_TRUE(overlapping("x/a*c*", "x/*b"));
    EXPECT_TRUE(overlapping("**/x", "a/**"));
    EXPECT_FALSE(overlapping("**/x/y", "a/**/z"));
    EXPECT_TRUE(overlapping("a/**/b/**", "**/c/**"));
    EXPECT_FALSE(overlapping("a/**/b", "a/*/c"));
    EXPECT_FALSE(overlapping("**", "$sys/**"));
    EXPECT_FALSE(overlapping("*/a", "$sys/a"));
    EXPECT_TRUE(overlapping("$sys/*", "$*/a"));
}

/// Compared with trying names one by one.
TEST_F(RulesTest, NeverSayThatPatternsHaveNoNameInCommonWhereTheyHave) {
    const std::vector<std::string> levels = {"a", "b", "ab", "*", "a*", "*b", "**", "$a"};
    std::vector<std::string> patterns;
    std::vector<std::string> names;
    for (const std::string& first : levels) {
        patterns.push_back(first);
        for (const std::string& second : levels) {
            patterns.push_back(first + "/" + second);
            for (const std::string& third : levels) {
                patterns.push_back(first + "/" + second + "/" + third);
            }
        }
    }
    for (const std::string& pattern : patterns) {
        if (pattern.find('*') == std::string::npos) names.push_back(pattern);
    }
    int overlaps = 0;
    for (const std::string& left : patterns) {
        const Pattern one = Pattern::parse(left).value();
        for (const std::string& right : patterns) {
            const Pattern other = Pattern::parse(right).value();
            const bool have_one = std::any_of(
                names.begin(), names.end(),
                [&](const std::string& name) { return one.matches(name) && other.matches(name); });
            ASSERT_TRUE(!have_one || overlap(one, other)) << left << " and " << right;
            overlaps += have_one ? 1 : 0;
        }
    }
    EXPECT_GT(overlaps, 10'000);
}

TEST_F(RulesTest, DamagedRuleIsAnErrorWithItsLine) {
    expect_refused("[[rule]]\nactions = [\"read\"]", 1, "set actions and patterns");
    expect_refused("[[rule]]\npatterns = [\"a\"]", 1, "set actions and patterns");
    expect_refused("[[rule]]\nactions = [\"reed\"]\npatterns = [\"a\"]", 2,
                   "'reed' is not an action");
    expect_refused("[[rule]]\nactions = [\"remove\"]\npatterns = [\"a\"]", 2, "'remove'");
    expect_refused("[[rule]]\nactions = \"read\"\npatterns = [\"a\"]", 2, "list of strings");
    expect_refused("[[rule]]\nactions = []\npatterns = [\"a\"]", 2, "at least one");
    expect_refused("[[rule]]\nusers = [1]", 2, "list of strings");
    expect_refused("[[rule]]\neffect = \"Deny\"", 2, "'allow' or 'deny'");
    expect_refused("[[rule]]\nuser = \"a\"", 2, "'user' is not an option of a rule");
    expect_refused("[rule]\nuser = \"a\"", 1, "[[rule]]");
    for (const std::string pattern :
         {"", "a//b", "a***", "{usr}", "{user", "user}", "x{user}", "{user}{user}", "{claim.}",
          "{claim}", "{claim.a{}", "{}", "{USER}"}) {
        expect_refused("[[rule]]\npatterns = [\"" + pattern + "\"]", 2, "invalid pattern");
    }
    expect_refused("[[rule]]\npatterns = [\"{user}/" + std::string(900, 'a') + "\"]", 2, "bytes");
}

TEST_F(RulesTest, NumberOfRulesIsLimited) {
    std::string patterns = "\"a\"";
    for (std::size_t i = 0; i < access_limits::rule_patterns_max; ++i) patterns += ", \"a\"";
    expect_refused("[[rule]]\npatterns = [" + patterns + "]", 2, "more than 256 patterns");
    std::string many;
    for (std::size_t i = 0; i < access_limits::rules_max; ++i) many += rule("a", "read", "a");
    EXPECT_TRUE(load(many));
    expect_refused(many + rule("a", "read", "a"),
                   static_cast<int>(5 * access_limits::rules_max + 1), "more than 1024 rules");
}

}  // namespace
}  // namespace ringside::gateway
