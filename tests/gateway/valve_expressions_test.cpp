#include <chrono>

#include "shm/document/json.hpp"
#include "tests/gateway/valve_test.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace limits_ = gateway::valve_limits;

class ValveExpressions : public testing::ValveTest {
protected:
    void SetUp() override {
        documents_.new_document =
            R"({"price":7,"tags":["a","b"],"title":"Größe 😀","deep":{"a":1}})";
        documents_.records["x/17"] = R"({"price":5,"owner":"anna","none":null})";
        documents_.records["role/anna"] = R"({"level":9,"next":"role/boss"})";
        documents_.records["role/boss"] = R"({"level":1,"next":"role/top"})";
        documents_.records["role/top"] = R"({"level":0})";
    }
};

TEST_F(ValveExpressions, SeeWhatTheyAreGiven) {
    for (const char* yes : {"user.id === 'anna'",
                            "user.isAuthenticated",
                            "user.data.role === 'admin'",
                            "user.data.n === 3",
                            "data.price === 7",
                            "oldData.price === 5",
                            "$id === '17'",
                            "name === 'x/17'",
                            "action === 'write'",
                            "now > 1600000000000",
                            "data.deep.a === 1",
                            "data['price'] === 7",
                            "data.tags[1] === 'b'",
                            "data.tags.length === 2",
                            "oldData.none === null",
                            "oldData.other === undefined",
                            "!data.other",
                            "data.price > oldData.price && user.id === oldData.owner",
                            "data.title.length === 8",
                            "typeof data.price === 'number'",
                            "'price' in data",
                            "true",
                            "1 < 2 ? true : false"}) {
        EXPECT_EQ(evaluate(yes), "yes") << yes;
    }
    for (const char* no :
         {"user.id === 'bob'", "!user.isAuthenticated", "data.price < oldData.price", "$id === 17",
          "false", "null", "undefined", "0", "''", "NaN", "data.other"}) {
        EXPECT_EQ(evaluate(no), "no") << no;
    }
}

TEST_F(ValveExpressions, MissingValueIsNullOrUndefined) {
    documents_.records.clear();
    documents_.new_document.reset();
    EXPECT_EQ(evaluate("oldData === null"), "yes");
    EXPECT_EQ(evaluate("data === undefined"), "yes");
    EXPECT_EQ(evaluate("_('none') === null"), "yes");
    EXPECT_EQ(evaluate("_('a/' + undefined) === undefined"), "yes");
    identity_ = {.user = "anonymous", .claims = {}, .data = {}, .is_anonymous = true};
    EXPECT_EQ(evaluate("user.data === null && !user.isAuthenticated"), "yes");
    identity_ = {.user = "key", .claims = {{"tenant", "arena"}}, .data = {}};
    EXPECT_EQ(evaluate("user.data.tenant === 'arena'"), "yes") << "claims, where there is no data";
}

TEST_F(ValveExpressions, FailWhereJavaScriptThrows) {
    for (const char* fails :
         {"data.other.more === 1", "_(7) === null", "user.data.x.y", "data.price.trim() === ''",
          "data.tags.trim()", "'a' in 'b'", "data.title.match('(')", "undefined.x"}) {
        EXPECT_THAT(evaluate(fails), StartsWith("failed: ")) << fails;
    }
    EXPECT_EQ(evaluate("user.id === 'bob' && data.other.more"), "no") << "it is not reached";
    documents_.is_broken = true;
    EXPECT_THAT(evaluate("oldData === null"), StartsWith("failed: ")) << "nobody knows";
    EXPECT_THAT(evaluate("_('blocked') === null"), StartsWith("failed: "));
}

TEST_F(ValveExpressions, NativeEvaluationEqualsTheEngine) {
    const std::vector<std::string> values = {
        "undefined", "null",       "true",         "false",         "0",         "1",
        "7",         "NaN",        "''",           "'a'",           "'7'",       "'b'",
        "'Z'",       "data.price", "data.title",   "data.tags",     "data.deep", "data.other",
        "user",      "user.id",    "oldData.none", "oldData.price", "Infinity",  "user.data.n",
        "'😀'",       "'ﬀ'"};
    std::vector<std::string> texts;
    for (const std::string& left : values) {
        for (const std::string& right : values) {
            for (const char* sign : {"===", "!==", "==", "!=", "<", ">", "<=", ">=", "&&", "||"}) {
                texts.push_back(left + " " + sign + " " + right);
            }
        }
        texts.push_back("!" + left);
        for (const char* member : {"id", "toString", "valueOf", "constructor", "length", "a"}) {
            texts.push_back("(" + left + ")." + member);
        }
    }
    constexpr std::size_t of_a_file = 2000;
    for (std::size_t first = 0; first < texts.size(); first += of_a_file) {
        std::string paths;
        const std::size_t end = std::min(first + of_a_file, texts.size());
        for (std::size_t at = first; at < end; ++at) {
            // Only the engine evaluates expressions in brackets.
            for (const auto& [path, text] : {std::pair("native/", texts[at]),
                                             std::pair("engine/", "[" + texts[at] + "][0]")}) {
                const std::string name = path + std::to_string(at);
                paths += "  " + name + ": {write: ";
                append_json_string(text, paths);
                paths += "}\n";
                documents_.records[name] = documents_.records["x/17"];
            }
        }
        load(file_of_records(paths));
        ASSERT_NE(rules_, nullptr);
        for (std::size_t at = first; at < end; ++at) {
            ASSERT_EQ(outcome("native/" + std::to_string(at)),
                      outcome("engine/" + std::to_string(at)))
                << texts[at];
        }
    }
}

TEST_F(ValveExpressions, CallTheMethodsOfTexts) {
    for (const char* yes : {"user.id.startsWith('an')",
                            "user.id.endsWith('na')",
                            "user.id.includes('nn')",
                            "user.id.indexOf('n') === 1",
                            "user.id.indexOf('n', 2) === 2",
                            "user.id.indexOf('z') === -1",
                            "user.id.toUpperCase() === 'ANNA'",
                            "'A'.toLowerCase() === 'a'",
                            "' a '.trim() === 'a'",
                            "data.tags.includes('a')",
                            "!data.tags.includes('c')",
                            "[NaN].includes(NaN)",
                            "data.tags.indexOf('b') === 1",
                            "'a😀b'.indexOf('b') === 3",
                            "data.title.includes('😀')",
                            "'aaa'.indexOf('') === 0",
                            "data.title.toUpperCase().startsWith('GRÖSSE')",
                            "'' + data.tags === 'a,b'",
                            "'a' + 1 + null === 'a1null'",
                            "'7' * 1 === 7",
                            "-data.price === -7",
                            "~5 === -6",
                            "(7 & 3) === 3",
                            "1 << 4 === 16",
                            "7 % 4 === 3",
                            "data.deep + '' === '[object Object]'",
                            "'\\u0061\\x62\\'' === 'ab\\''",
                            "'\\ud83d\\ude00' === '😀'",
                            "0x10 === 16",
                            "1.5e3 === 1500",
                            "'\xE2\x80\xA8'.length === 1",
                            "/* why */ true // because",
                            "true;"}) {
        EXPECT_EQ(evaluate(yes), "yes") << yes;
    }
}

TEST_F(ValveExpressions, MatchPatterns) {
    for (const char* yes : {"user.id.match(/^an+a$/)",
                            "!user.id.match(/^b/)",
                            "user.id.match(/ANNA/i)",
                            "user.id.match(/(a)(x)?/)[1] === 'a'",
                            "user.id.match(/(a)(x)?/)[2] === undefined",
                            "user.id.match(/a/g).length === 2",
                            "user.id.match('n+')[0] === 'nn'",
                            "data.title.match(/^\\S+\\s.$/)",
                            "'a\\nb'.match(/^b$/m)",
                            "!'a\\nb'.match(/a.b/)",
                            "'a\\nb'.match(/a.b/s)",
                            "'a[b'.match(/[[]/)",
                            "'x'.match(/[^\\s\\d]/)",
                            "'\\u00a0'.match(/^[\\s]$/)",
                            "!'\\u00a0'.match(/[\\S]/)",
                            "'a/b'.match(/a\\/b/)",
                            "'\\v'.match(/\\v/)",
                            "'é'.match(/\\u00e9/)",
                            "'a'.match(/(?:b|a)/)",
                            "'😀'.match(/😀/)[0] === '😀'",
                            "''.match(/a*/g).length === 1",
                            "':'.match(/[[:alpha:]/)",
                            "!'b'.match(/[[:alpha:]/)"}) {
        EXPECT_EQ(evaluate(yes), "yes") << yes;
    }
    for (const char* pattern : {"/(?=a)/", "/(?!a)/", "/(a)\\1/", "/(?<n>a)/", "/a/y", "/\\p{L}/u",
                                "/(/", "/\\Qa\\E/", "/[]/", "/a{1001}/", "/\\cA/", "/\\ud83d/"}) {
        EXPECT_THAT(refused("user.id.match(" + std::string(pattern) + ")"), HasSubstr("pattern: "))
            << pattern;
    }
}

TEST_F(ValveExpressions, ReferToOtherRecords) {
    EXPECT_EQ(evaluate("_('role/' + user.id).level === 9"), "yes");
    EXPECT_EQ(evaluate("_(_('role/' + user.id).next).level === 1"), "yes");
    EXPECT_EQ(evaluate("_(_(_('role/' + user.id).next).next).level === 0"), "yes");
    EXPECT_THAT(refused("_(_(_(_('a').b).b).b)"), HasSubstr("3 nested cross references"));
    std::string many = "true";
    for (std::size_t at = 0; at < limits_::cross_references_max; ++at) many += " && _('role/top')";
    EXPECT_EQ(evaluate(many), "yes");
    EXPECT_THAT(refused(many + " && _('a')"), HasSubstr("cross references"));
}

TEST_F(ValveExpressions, AskForNoDocumentThatTheyDoNotUse) {
    EXPECT_EQ(evaluate("user.id.startsWith('a') && $id !== name"), "yes");
    EXPECT_EQ(documents_.reads, 0);
    EXPECT_EQ(evaluate("user.id === 'bob' && data.price > 1"), "no");
    EXPECT_EQ(documents_.reads, 0) << "nor one that is not reached";
}

TEST_F(ValveExpressions, SeeNewAndOldDocumentsOnlyWhereThereAreSome) {
    const auto refused_for = [](const std::string& type, const std::string& text) {
        return refusal(file_of_records("  a: {" + type + ": \"" + text + "\"}\n"));
    };
    EXPECT_EQ(refused_for("write", "data && oldData"), "");
    EXPECT_EQ(refused_for("read", "oldData"), "");
    EXPECT_EQ(refused_for("delete", "oldData"), "");
    EXPECT_EQ(refused_for("read", "user.data"), "") << "that is another one";
    for (const char* type : {"read", "create", "delete", "listen", "notify"}) {
        EXPECT_THAT(refused_for(type, "data.a"), HasSubstr("'data' is not available")) << type;
    }
    for (const char* type : {"create", "listen", "notify"}) {
        EXPECT_THAT(refused_for(type, "oldData.a"), HasSubstr("'oldData' is not available"))
            << type;
    }
}

TEST_F(ValveExpressions, InvalidExpressionIsRefused) {
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"user.id ===", "unexpected end"},
        {"user id", "'id' is unexpected"},
        {"user.id === $other", "'$other' is unknown"},
        {"new Date()", "'new' is unknown"},
        {"alert(1)", "'alert' cannot be called"},
        {"function () {}", "cannot be called"},
        {"(x => x)(1)", "'=>'"},
        {"user.id = 'a'", "'=' is not supported"},
        {"data.n++", "'++'"},
        {"`a`", "'`'"},
        {"user.id.substr(0)", "'substr' cannot be called"},
        {"user['trim']()", "cannot be called"},
        {"_", "'(' is missing"},
        {"_('a')('b')", "cannot be called"},
        {"this.x", "'this' is unknown"},
        {"{a: 1}", "'{'"},
        {"true; false", "'false' is unexpected"},
        {"'a", "unterminated string"},
        {"'a\\", "unterminated string"},
        {"/a/", "a pattern is allowed in match"},
        {"'a'.match(/a", "unterminated pattern"},
        {"/* a", "unterminated comment"},
        {"017", "starts with 0"},
        {"1a", "not a number"},
        {"0x", "not a number"},
        {"1e999", "out of range"},
        {"'\\ud800'", "unpaired surrogate"},
        {"'\\u12'", "too few digits"},
        {"'\\7'", "octal"},
        {"(true", "')' is missing"},
        {"[1,", "unexpected end"},
        {"a ? b", "'a' is unknown"},
        {"true ? 1", "':' is missing"},
        {"user?.id", "'?.'"},
        {"1, 2", "',' is unexpected"},
        {"", "empty expression"},
        {"\xC3\xA9", "unsupported character"}};
    for (const auto& [text, why] : bad) EXPECT_THAT(refused(text), HasSubstr(why)) << text;
}

TEST_F(ValveExpressions, ErrorsNameTheLimit) {
    const std::string fill(limits_::expression_bytes_max - 4, ' ');
    EXPECT_EQ(evaluate("true" + fill), "yes");
    EXPECT_THAT(refused("true " + fill), HasSubstr("expression exceeds"));

    const auto nested = [](std::size_t levels) {
        return std::string(levels, '(') + "true" + std::string(levels, ')');
    };
    EXPECT_EQ(evaluate(nested(limits_::expression_depth_max - 1)), "yes");
    EXPECT_THAT(refused(nested(limits_::expression_depth_max)), HasSubstr("levels"));
    std::string chain = "!0";
    for (std::size_t at = 2; at < limits_::expression_depth_max; ++at) chain += " && !0";
    EXPECT_EQ(evaluate(chain), "yes");
    EXPECT_THAT(refused(chain + " && !0"), HasSubstr("levels"));
    EXPECT_THAT(refused(std::string(limits_::expression_depth_max, '!') + "0"),
                HasSubstr("levels"));

    const std::string pattern(limits_::pattern_bytes_max, 'a');
    EXPECT_EQ(evaluate("'a'.match(/" + pattern + "/)"), "no");
    EXPECT_THAT(refused("'a'.match(/" + pattern + "a/)"), HasSubstr("more than"));
    EXPECT_THAT(evaluate("'a'.match('" + pattern + "a')"), HasSubstr("more than"));
    EXPECT_THAT(refused("'a'.match(/((a{100}){100}){100}/)"), HasSubstr("pattern: "));
}

}  // namespace
}  // namespace ringside
