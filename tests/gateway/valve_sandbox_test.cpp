#include <thread>

#include "shm/document/json.hpp"
#include "tests/gateway/valve_test.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace limits_ = gateway::valve_limits;

class ValveSandbox : public testing::ValveTest {};

TEST_F(ValveSandbox, NothingLeadsOutOfIt) {
    documents_.new_document = R"({"constructor":"own","f":"return 1"})";
    for (const char* escape : {"''.constructor.constructor('return 1')()",
                               "[]['constructor']['constructor']('x')()",
                               "_.constructor('return 1')()",
                               "user.id.trim.constructor('x')()",
                               "(0, eval)('1')",
                               "eval('1')",
                               "Function('1')()",
                               "''.trim.call('a')",
                               "[].map.call([1], eval)",
                               "user.__defineGetter__('a', 1)",
                               "user.constructor()",
                               "''['match']('a')",
                               "({}).constructor",
                               "delete user.id",
                               "void 0",
                               "import('x')",
                               "globalThis.x",
                               "require('fs')",
                               "process.exit()",
                               "Duktape.gc()",
                               "user.id = 'root'",
                               "''.match.apply('', [])",
                               "_`a`",
                               "new Function('a')()"}) {
        EXPECT_NE(refused(escape), "") << escape;
    }
    for (const char* nothing :
         {"''.constructor === undefined", "[].constructor === undefined",
          "''['constructor'] === undefined", "user.constructor === undefined",
          "user['__proto__'] === undefined", "user.id.trim.constructor === undefined",
          "user.id.trim['call'] === undefined", "[]['map'] === undefined",
          "(1)['constructor'] === undefined", "true['constructor'] === undefined",
          "data.constructor === 'own'", "[]['concat'] === undefined"}) {
        EXPECT_EQ(evaluate(nothing), "yes") << nothing;
    }
}

TEST_F(ValveSandbox, DocumentsCannotPassThemselvesOffAsSomethingElse) {
    documents_.new_document =
        R"({"__proto__":{"role":"admin"},"toString":"x","valueOf":1,"length":1e9,"then":{}})";
    EXPECT_EQ(evaluate("data.role === undefined"), "yes");
    EXPECT_EQ(evaluate("['a'][0] === 'a' && data.role === undefined"), "yes");
    EXPECT_THAT(evaluate("data + '' === ''"), StartsWith("failed: "));
    EXPECT_THAT(evaluate("data.includes('a')"), StartsWith("failed: "));
    EXPECT_THAT(evaluate("data.indexOf('a') === 0"), StartsWith("failed: "));
    EXPECT_EQ(evaluate("[data.role].length === 1"), "yes");
}

TEST_F(ValveSandbox, MemoryIsBounded) {
    documents_.new_document = R"({"a":")" + std::string(1U << 20, 'x') + R"("})";
    EXPECT_EQ(evaluate("(data.a + 'y').endsWith('y')"), "yes");
    EXPECT_THAT(evaluate("(data.a + data.a + data.a + data.a + data.a).endsWith('y')"),
                HasSubstr("MiB"));
    EXPECT_EQ(evaluate("(data.a + 'z').endsWith('z')"), "yes") << "and the next one has its share";
    std::string many = "[0";
    for (int at = 0; at < 500'000; ++at) many += ",{}";
    documents_.new_document = many + "]";
    EXPECT_THAT(evaluate("data[1].trim() === ''"), HasSubstr("MiB"));
}

TEST_F(ValveSandbox, HardPatternsEndInLinearTime) {
    documents_.new_document = R"({"a":")" + std::string(50'000, 'a') + R"(!"})";
    EXPECT_EQ(evaluate("data.a.match(/^(a+)+$/)"), "no");
    EXPECT_EQ(evaluate("data.a.match('^(a|aa)*$')"), "no");
    EXPECT_EQ(evaluate("data.a.match(/^(([a-z])+.)+[A-Z]([a-z])+$/)"), "no");
    documents_.new_document =
        R"({"a":")" + std::string(limits_::match_subject_bytes_max + 1, 'a') + R"("})";
    EXPECT_THAT(evaluate("data.a.match(/a/)"), HasSubstr("strings of at most"));
    documents_.new_document = R"({"a":")" + std::string(limits_::matches_max + 1, 'a') + R"("})";
    EXPECT_THAT(evaluate("data.a.match(/a/g)"), HasSubstr("more than"));
}

TEST_F(ValveSandbox, TextsThatAreHardToFindAreFoundInLinearTime) {
    const std::string half(400'000, 'a');
    documents_.new_document = R"({"in":")" + half + half + R"(","wanted":")" + half + R"(b"})";
    EXPECT_EQ(evaluate("data.in.includes(data.wanted)"), "no");
    EXPECT_EQ(evaluate("data.in.indexOf(data.wanted) === -1"), "yes");
}

TEST_F(ValveSandbox, DeepDocumentsEndWithAnError) {
    const std::size_t depth = 5000;
    documents_.new_document = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_THAT(evaluate("data + '' === ''"), StartsWith("failed: "));
    documents_.new_document = std::string(500, '[') + std::string(500, ']');
    EXPECT_THAT(evaluate("data + '' === ''"), AnyOf("yes", StartsWith("failed: ")));
}

TEST_F(ValveSandbox, NothingStaysFromOneRuleToTheNext) {
    load(file_of_records(R"(
  "x/$id": {write: "[data.secret][0] === 'mine'"}
  "y/$id": {write: "[data.secret][0] === undefined && [oldData][0] === null"}
)"));
    documents_.new_document = R"({"secret":"mine"})";
    documents_.records["x/1"] = "{}";
    EXPECT_TRUE(may(Action::write, "x/1"));
    documents_.new_document = "{}";
    EXPECT_TRUE(may(Action::write, "y/1"));
    EXPECT_FALSE(may(Action::write, "x/1"));
}

TEST_F(ValveSandbox, ManyEvaluationsTakeNoMoreMemory) {
    documents_.new_document = R"({"a":[1,2,{"b":"text"}]})";
    load(file_of("data.a.length === 3 && (data.a[2].b + now).startsWith('text')"));
    for (int at = 0; at < 20'000; ++at) ASSERT_TRUE(may(Action::write, "x/1"));
}

TEST_F(ValveSandbox, ThreadsAskAtOnce) {
    documents_.new_document = R"({"a":"x"})";
    load(file_of("(data.a + $id).endsWith('7') && user.id.match(/nn/)"));
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            const gateway::valve::ValvePermissions permissions(rules_, identity_, nullptr);
            Documents own;
            own.new_document = R"({"a":"x"})";
            for (int at = 0; at < 2000; ++at) {
                const std::string name = "x/" + std::to_string(at);
                const auto decision = permissions.decide(Action::write, name, own);
                if (decision.is_allowed != (at % 10 == 7) || decision.has_failed) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ringside
