#include <chrono>

#include "shm/document/json.hpp"
#include "tests/gateway/valve_test.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside {
namespace {

using gateway::Coverage;
using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace limits_ = gateway::valve_limits;

class ValveRules : public testing::ValveTest {
protected:
    [[nodiscard]] Coverage coverage(Action action, const std::string& pattern) const {
        return rules_->coverage(action, Pattern::parse(pattern).value());
    }
};

constexpr const char* rest = R"(
event: {"*": {publish: true, subscribe: true, listen: false}}
rpc: {"*": {provide: false, request: true}}
presence: {"*": {allow: true}}
)";

TEST_F(ValveRules, EachActionHasItsRule) {
    load(R"(
record:
  "*": {read: false}
  "a/read": {read: true}
  "a/write": {write: true}
  "a/create": {create: true}
  "a/delete": {delete: true}
  "a/listen": {listen: true}
  "a/notify": {notify: true}
event:
  "*": {publish: false}
  "a/publish": {publish: true}
  "a/subscribe": {subscribe: true}
  "a/listen_events": {listen: true}
rpc:
  "*": {request: false}
  "a/call": {request: true}
  "a/provide": {provide: true}
presence:
  "*": {allow: false}
  "a/presence": {allow: true}
)");
    for (const Action asked : gateway::all_actions) {
        for (const Action named : gateway::all_actions) {
            const std::string name = "a/" + std::string(gateway::name(named));
            EXPECT_EQ(may(asked, name), asked == named) << gateway::name(asked) << " of " << name;
        }
    }
}

TEST_F(ValveRules, TheLongestPathThatMatchesAndHasTheRuleDecides) {
    load(file_of_records(R"(
  "a*": {read: true}
  "a/secret/*": {read: false, write: true}
  "a/secret/$who": {create: true}
)"));
    EXPECT_TRUE(may(Action::read, "a/open"));
    EXPECT_FALSE(may(Action::read, "a/secret/b"));
    EXPECT_TRUE(may(Action::write, "a/secret/b"));
    EXPECT_TRUE(may(Action::create, "a/secret/b"));
    EXPECT_FALSE(may(Action::write, "a/open")) << "no path has this rule for it";
    EXPECT_FALSE(may(Action::read, "b"));
}

TEST_F(ValveRules, LaterOfEquallyLongPathsDecides) {
    load(file_of_records("  \"a/$b\": {read: true}\n  \"a/$c\": {read: false}\n"));
    EXPECT_FALSE(may(Action::read, "a/x"));
    load(file_of_records("  \"a/$c\": {read: false}\n  \"a/$b\": {read: true}\n"));
    EXPECT_TRUE(may(Action::read, "a/x"));
}

TEST_F(ValveRules, PathsMatchWholeNames) {
    load(file_of_records(R"(
  "star/*/end": {read: true}
  "one/$x/two": {read: true}
  "dot.ted": {read: true}
  "price$": {read: true}
  "a$x-$y": {read: "$x === '1-2' && $y === '3'"}
)"));
    EXPECT_TRUE(may(Action::read, "star/a/b/end"));
    EXPECT_TRUE(may(Action::read, "star//end"));
    EXPECT_FALSE(may(Action::read, "star/a/end/more"));
    EXPECT_FALSE(may(Action::read, "my/star/a/end"));
    EXPECT_TRUE(may(Action::read, "one/x/two"));
    EXPECT_FALSE(may(Action::read, "one/x/y/two"));
    EXPECT_FALSE(may(Action::read, "one//two"));
    EXPECT_TRUE(may(Action::read, "dot.ted"));
    EXPECT_FALSE(may(Action::read, "dotXted"));
    EXPECT_TRUE(may(Action::read, "price$"));
    EXPECT_TRUE(may(Action::read, "a1-2-3")) << "the first variable takes what it can";
}

TEST_F(ValveRules, AnAsteriskDoesNotMatchTheEndOfALine) {
    load(file_of_records(R"(
  "a*": {read: true}
  "b*/x": {read: true}
  "c/$id": {read: true}
)"));
    for (const std::string end : {"\n", "\r", "\u2028", "\u2029"}) {
        EXPECT_FALSE(may(Action::read, "a" + end));
        EXPECT_FALSE(may(Action::read, "a/1" + end + "2"));
        EXPECT_FALSE(may(Action::read, "b1" + end + "2/x"));
        // As in deepstream, whose variables match anything but a '/'.
        EXPECT_TRUE(may(Action::read, "c/1" + end + "2"));
    }
    for (const std::string other :
         {"\t", "\u2027", "\u202A", "\u00E4", "\U0001F3AB", "\xED\xA0\xBC"}) {
        EXPECT_TRUE(may(Action::read, "a" + other));
        EXPECT_TRUE(may(Action::read, "b1" + other + "2/x"));
        EXPECT_TRUE(may(Action::read, "c/1" + other + "2"));
    }
}

TEST_F(ValveRules, JsonWithTabsEqualsYaml) {
    load(
        "{\n\t\"record\": {\"*\": {\"read\": \"user.id === 'anna'\"}},\n"
        "\t\"event\": {\"*\": {\"publish\": true}},\n\t\"rpc\": {\"*\": {\"request\": false}},\n"
        "\t\"presence\": {\"*\": {\"allow\": \"true\"}}\n}\n",
        "rules.json");
    EXPECT_TRUE(may(Action::read, "a"));
    EXPECT_TRUE(may(Action::publish, "a"));
    EXPECT_FALSE(may(Action::call, "a"));
    EXPECT_TRUE(may(Action::presence, "anna"));
}

TEST_F(ValveRules, TextsInQuotesAreExpressions) {
    load(file_of_records("  a: {read: 'true', write: \"false\", create: True, delete: false}\n"));
    EXPECT_TRUE(may(Action::read, "a"));
    EXPECT_FALSE(may(Action::write, "a"));
    EXPECT_TRUE(may(Action::create, "a"));
    EXPECT_FALSE(may(Action::remove, "a"));
}

TEST_F(ValveRules, ReservedNamesAreDenied) {
    load("record: {\"*\": {read: true}}" + std::string(rest));
    EXPECT_TRUE(may(Action::read, "a"));
    EXPECT_FALSE(may(Action::read, "$sys/session/1"));
    EXPECT_EQ(coverage(Action::read, "$sys/**"), Coverage::none);
}

TEST_F(ValveRules, NamesAreConverted) {
    auto loaded = gateway::valve::ValveRules::parse(
        file_of_records("  \"a/$b\": {read: \"_('a/seen') !== null && name === 'a/' + $b\"}\n"),
        "rules.yml",
        {.to_grid = [](std::string_view name) { return "g:" + std::string(name); },
         .from_grid = [](std::string_view name) { return std::string(name.substr(2)); }});
    ASSERT_TRUE(loaded);
    rules_ = *loaded;
    EXPECT_FALSE(may(Action::read, "g:a/x"));
    documents_.records["g:a/seen"] = "1";
    EXPECT_TRUE(may(Action::read, "g:a/x"));
}

TEST_F(ValveRules, PresenceOfAllUsersHasNoName) {
    load(
        "record: {\"*\": {read: true}}\nevent: {\"*\": {publish: true}}\n"
        "rpc: {\"*\": {request: true}}\npresence:\n  \"*\": {allow: \"name === undefined\"}\n"
        "  \"$user\": {allow: \"$user === 'bob'\"}\n");
    EXPECT_TRUE(may(Action::presence, ""));
    EXPECT_TRUE(may(Action::presence, "bob"));
    EXPECT_FALSE(may(Action::presence, "carl"));
}

TEST_F(ValveRules, CoverageIsCertainWhereConstantsDecide) {
    load(R"(
record:
  "*": {read: false, write: true, create: "user.isAuthenticated"}
  "open/*": {read: true}
  "open/secret/*": {read: false}
  "mine/$id": {read: "$id === user.id"}
)" + std::string(rest));
    EXPECT_EQ(coverage(Action::write, "**"), Coverage::all);
    EXPECT_EQ(coverage(Action::write, "a/*"), Coverage::all);
    EXPECT_EQ(coverage(Action::read, "**"), Coverage::some);
    EXPECT_EQ(coverage(Action::read, "open/**"), Coverage::some);
    EXPECT_EQ(coverage(Action::read, "open/all/*"), Coverage::all);
    EXPECT_EQ(coverage(Action::read, "open/secret/*"), Coverage::none);
    EXPECT_EQ(coverage(Action::read, "closed/**"), Coverage::none);
    EXPECT_EQ(coverage(Action::read, "closed/1"), Coverage::none);
    EXPECT_EQ(coverage(Action::read, "open/1"), Coverage::all);
    EXPECT_EQ(coverage(Action::read, "mine/1"), Coverage::some);
    EXPECT_EQ(coverage(Action::create, "**"), Coverage::some);
    EXPECT_EQ(coverage(Action::notify, "**"), Coverage::none) << "there is no such rule";
    EXPECT_EQ(coverage(Action::subscribe, "**"), Coverage::all);
}

TEST_F(ValveRules, DecisionReportsWhatItReads) {
    load(file_of_records(R"(
  plain: {read: "user.id === 'a'", write: true}
  old: {read: "oldData.a === 1"}
  other: {read: "_('x') !== null"}
  new: {write: "data.a === 1"}
)"));
    const gateway::valve::ValvePermissions permissions(rules_, identity_, nullptr);
    EXPECT_FALSE(permissions.looks_at_documents(Action::read, "plain"));
    EXPECT_TRUE(permissions.looks_at_documents(Action::read, "old"));
    EXPECT_TRUE(permissions.looks_at_documents(Action::read, "other"));
    EXPECT_FALSE(permissions.looks_at_documents(Action::write, "new"));
    EXPECT_TRUE(permissions.looks_at_data(Action::write, "new"));
    EXPECT_FALSE(permissions.looks_at_data(Action::write, "plain"));
    EXPECT_FALSE(permissions.looks_at_documents(Action::write, "none"));
}

TEST_F(ValveRules, AFileThatIsNotGoodIsRefusedWithItsLine) {
    const std::string good = "record: {\"*\": {read: true}}" + std::string(rest);
    ASSERT_EQ(refusal(good), "");
    EXPECT_THAT(refusal("record: [\n"), StartsWith("rules.yml:"));
    EXPECT_THAT(refusal("7"), HasSubstr("must be an object"));
    EXPECT_THAT(refusal(""), HasSubstr("must be an object"));
    EXPECT_THAT(refusal(rest), HasSubstr("'record' is missing"));
    EXPECT_THAT(refusal(good + "records: {}"), HasSubstr("rules.yml:5: unknown section"));
    EXPECT_THAT(refusal(good + "event: {}"), HasSubstr("'event' is listed twice"));
    EXPECT_THAT(refusal("record: {a: {read: true}}" + std::string(rest)),
                HasSubstr("rules.yml:1: section 'record' lacks the path \"*\"; add it"));
    EXPECT_THAT(refusal("record: {}" + std::string(rest)), HasSubstr("lacks the path \"*\""));
    EXPECT_THAT(refusal(file_of_records("  /a: {read: true}\n")),
                HasSubstr("rules.yml:3: 'record' '/a' 'read': path must not start with '/'"));
    EXPECT_THAT(
        refusal(file_of_records("  a: {publish: true}\n")),
        HasSubstr("rules.yml:3: 'record' 'a' 'publish': 'publish' is not a rule of 'record'"));
    EXPECT_THAT(refusal(file_of_records("  a: true\n")), HasSubstr("must be an object"));
    EXPECT_THAT(refusal(file_of_records("  <<: {read: true}\n")), HasSubstr("merge keys"));
    for (const char* rule : {"1", "1.5", "null", "~", "[true]", "{a: true}"}) {
        EXPECT_THAT(refusal(file_of_records("  a: {read: " + std::string(rule) + "}\n")),
                    HasSubstr("a rule must be true, false or an expression"))
            << rule;
    }
    EXPECT_THAT(refusal(file_of_records("  a: {read: ''}\n")), HasSubstr("empty expression"));
    EXPECT_THAT(refusal(file_of_records("  a: {read: true,\n      write: user.id ===}\n")),
                HasSubstr("rules.yml:4: 'record' 'a' 'write': unexpected end of the expression"));
    EXPECT_THAT(refusal(good + "# \xff"), HasSubstr("not UTF-8"));
    EXPECT_THAT(gateway::valve::ValveRules::load("/nonexistent/rules.yml").error().detail,
                HasSubstr("cannot be read"));
}

TEST_F(ValveRules, ErrorsNameTheLimit) {
    const std::string good = "record: {\"*\": {read: true}}" + std::string(rest);
    const std::string long_comment(limits_::file_bytes_max, ' ');
    EXPECT_THAT(refusal(good + long_comment), HasSubstr("file exceeds"));

    const auto many = [](std::size_t count) {
        std::string paths;
        for (std::size_t at = 0; at < count; ++at) {
            paths += "  p" + std::to_string(at) + ": {read: true}\n";
        }
        return file_of_records(paths);
    };
    EXPECT_EQ(refusal(many(limits_::paths_max - 4)), "");
    EXPECT_THAT(refusal(many(limits_::paths_max - 3)), HasSubstr("paths"));

    const std::string path(limits_::path_bytes_max, 'p');
    EXPECT_EQ(refusal(file_of_records("  " + path + ": {read: true}\n")), "");
    EXPECT_THAT(refusal(file_of_records("  ? " + path + "p\n  : {read: true}\n")),
                HasSubstr("path has more than"));

    std::string variables;
    for (std::size_t at = 0; at < limits_::path_variables_max; ++at) variables += "$v/";
    EXPECT_EQ(refusal(file_of_records("  " + variables + ": {read: true}\n")), "");
    EXPECT_THAT(refusal(file_of_records("  " + variables + "$v: {read: true}\n")),
                HasSubstr("variables"));
}

TEST_F(ValveRules, AThousandPathsAreFoundByTheirBeginnings) {
    std::string paths;
    for (int at = 0; at < 1000; ++at) {
        paths += "  \"topic" + std::to_string(at) + "/$id\": {read: \"$id === 'x" +
                 std::to_string(at) + "'\"}\n";
    }
    load(file_of_records(paths));
    for (int at = 0; at < 1000; ++at) {
        const std::string topic = "topic" + std::to_string(at);
        ASSERT_TRUE(may(Action::read, topic + "/x" + std::to_string(at)));
        ASSERT_FALSE(may(Action::read, topic + "/x"));
    }
}

}  // namespace
}  // namespace ringside
