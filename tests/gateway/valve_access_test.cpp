#include <fstream>
#include <thread>

#include "tests/gateway/access_test.hpp"
#include "tests/gateway/watching.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/gateway/access/api_keys.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::HttpHeaders;
using ::testing::Not;

/// A gateway whose configuration names a file of deepstream's rules.
class ValveAccess : public testing::WatchingTest {
protected:
    static constexpr const char* file_of_gateway = "gateway.toml";

    void SetUp() override {
        std::string keys;
        for (const char* user : {"anna", "bob"}) {
            keys += "[[api_key]]\nuser = \"" + std::string(user) + "\"\nhash = \"" +
                    gateway::api_key_hash(key_of(user)) + "\"\nclaims = { role = \"" +
                    (user == std::string("anna") ? "admin" : "guest") + "\" }\n";
        }
        write("gateway.toml", "[valve]\nfile = \"rules.yml\"\n" + keys);
        write("rules.yml", rules_of(R"(
  "open/*": {read: true, write: true, create: true, delete: true}
  "admins/*": {read: true, write: "user.data.role === 'admin'", create: true}
  "mine/$user/*":
    read: "user.id === $user"
    create: "user.id === $user"
    write: "user.id === $user && data.owner === user.id"
  "prices/*":
    read: true
    create: true
    write: "oldData === null || data.price > oldData.price"
    delete: "oldData.price > 100"
  "owned/*": {read: "oldData.owner === user.id"}
  "linked/*": {read: "_('open/' + user.id) !== null"}
  "broken/*": {read: "oldData.a.b.c"}
)"));
        gateway_.stop();
        gateway_.set_options({"--config", directory_ / file_of_gateway});
        gateway_.start();
        http_ = testing::HttpClient(gateway_.port());
    }

    static std::string rules_of(const std::string& paths) {
        return "record:\n  \"*\": {read: false}\n" + paths + R"(
event:
  "*": {publish: "data.size < 3", subscribe: true}
rpc:
  "*": {request: "data === 1", provide: false}
presence:
  "*": {allow: true}
)";
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::trunc) << text;
        std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_write);
    }
    static std::string key_of(const std::string& user) {
        return user + "-key-0123456789abcdefghijklmnop";
    }
    static HttpHeaders as(const std::string& user) { return {{"X-API-Key", key_of(user)}}; }
    static HttpHeaders patching(const std::string& user, const std::string& type) {
        return {{"X-API-Key", key_of(user)}, {"Content-Type", "application/" + type}};
    }
    static std::string at(const std::string& name) {
        std::string target = "/v1/records/";
        for (const char c : name) target += c == '/' ? std::string("%2F") : std::string(1, c);
        return target;
    }
    testing::HttpResponse patch_record(const std::string& target, const std::string& body,
                                       const HttpHeaders& headers) {
        return http_.request("PATCH", target, headers, body);
    }
    [[nodiscard]] std::string document(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? to_json(record->document()) : "none";
    }

    testing::TemporaryDirectory directory_;
};

TEST_F(ValveAccess, RulesDecideByUserAndClaims) {
    EXPECT_EQ(http_.put(at("open/1"), "1", as("bob")).status, 201);
    EXPECT_EQ(http_.get(at("open/1"), as("anna")).status, 200);
    expect_problem(http_.get(at("closed"), as("anna")), 403, "permission_denied");
    EXPECT_EQ(http_.put(at("admins/1"), "1", as("anna")).status, 201);
    expect_problem(http_.put(at("admins/1"), "2", as("bob")), 403, "permission_denied");
    EXPECT_EQ(document("admins/1"), "1");
    EXPECT_TRUE(gateway_.logs("record 'admins/*' write"));
}

TEST_F(ValveAccess, CreatingARecordAlsoNeedsTheRightToWriteIt) {
    const std::string name = at("mine/bob/1");
    expect_problem(http_.put(name, R"({"owner":"anna"})", as("bob")), 403, "permission_denied");
    expect_problem(http_.put(name, R"({"owner":"bob"})", as("anna")), 403, "permission_denied");
    EXPECT_EQ(document("mine/bob/1"), "none");
    EXPECT_EQ(http_.put(name, R"({"owner":"bob"})", as("bob")).status, 201);
    expect_problem(http_.put(name, "{", as("bob")), 400, "bad_json");
    EXPECT_EQ(document("mine/bob/1"), R"({"owner":"bob"})");
}

TEST_F(ValveAccess, RulesSeeTheOldDocumentAndTheWholeNewOne) {
    const std::string name = at("prices/a");
    EXPECT_EQ(http_.put(name, R"({"price":10})", as("bob")).status, 201);
    expect_problem(http_.put(name, R"({"price":9})", as("bob")), 403, "permission_denied");
    EXPECT_EQ(http_.put(name, R"({"price":11,"n":[1]})", as("bob")).status, 200);
    const auto merge = patching("bob", "merge-patch+json");
    expect_problem(patch_record(name, R"({"n":2})", merge), 403, "permission_denied");
    EXPECT_EQ(patch_record(name, R"({"price":12})", merge).status, 200);
    const auto patch = patching("bob", "json-patch+json");
    expect_problem(patch_record(name, R"([{"op":"replace","path":"/price","value":12}])", patch),
                   403, "permission_denied");
    EXPECT_EQ(patch_record(name, R"([{"op":"replace","path":"/price","value":13}])", patch).status,
              200);
    expect_problem(http_.put(name + "?pointer=/price", "13", as("bob")), 403, "permission_denied");
    EXPECT_EQ(http_.put(name + "?pointer=/price", "101", as("bob")).status, 200);
    EXPECT_EQ(document("prices/a"), R"({"n":[1],"price":101})");
    expect_problem(http_.put(at("prices/b") + "?pointer=/price", "1", as("bob")), 404, "not_found");
    EXPECT_EQ(http_.remove(name, as("bob")).status, 200);
    EXPECT_EQ(document("prices/a"), "none");
}

TEST_F(ValveAccess, ConditionsHoldInAdditionToTheDecisionsVersion) {
    const std::string name = at("prices/a");
    EXPECT_EQ(http_.put(name, R"({"price":10})", as("bob")).status, 201);
    auto headers = as("bob");
    headers.emplace_back("If-Match", "\"7\"");
    expect_problem(http_.put(name, R"({"price":20})", headers), 412, "condition_failed");
    headers.back().second = "\"1\"";
    EXPECT_EQ(http_.put(name, R"({"price":20})", headers).status, 200);
    const auto transaction = [&](const std::string& condition) {
        return http_.post("/v1/transactions",
                          R"({"writes":[{"op":"put","name":"prices/a","document":{"price":30},)" +
                              condition + "}]}",
                          as("bob"));
    };
    expect_problem(transaction(R"("if_version":1)"), 412, "condition_failed");
    expect_problem(transaction(R"("if_absent":true)"), 412, "condition_failed");
    EXPECT_EQ(transaction(R"("if_version":2)").status, 200);
}

// Each write raises the price by what it has just read; none may lower it.
TEST_F(ValveAccess, WriteIsBoundToTheVersionThatWasRead) {
    client_.put("prices/race", R"({"price":0})").value();
    constexpr int writers = 4;
    constexpr int writes = 50;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([this, writer] {
            testing::HttpClient http(gateway_.port());
            for (int write = 1; write <= writes; ++write) {
                const int price = write * writers + writer;
                http.put(at("prices/race"), R"({"price":)" + std::to_string(price) + "}",
                         as("bob"));
            }
        });
    }
    auto watch = client_.watch("prices/race", {.mode = WatchMode::every}).value();
    std::int64_t last = 0;
    const auto take_all = [&] {
        for (auto event = watch.poll(); event; event = watch.poll()) {
            const std::int64_t price = event->record.document()["price"].as_int64().value_or(-1);
            EXPECT_GT(price, last);
            last = price;
        }
    };
    for (std::thread& thread : threads) {
        thread.join();
        take_all();
    }
    take_all();
    EXPECT_EQ(document("prices/race"), R"({"price":)" + std::to_string(last) + "}");
    EXPECT_EQ(last, writes * writers + writers - 1) << "the highest one was allowed";
}

TEST_F(ValveAccess, TransactionsAreDecidedWriteByWrite) {
    const auto commit = [&](const std::string& writes, const std::string& user) {
        return http_.post("/v1/transactions", R"({"writes":[)" + writes + "]}", as(user));
    };
    const std::string put = R"({"op":"put","name":"prices/a","document":{"price":10}})";
    EXPECT_EQ(commit(put + R"(,{"op":"merge","name":"open/a","document":{}})", "bob").status, 200);
    const auto refused = commit(R"({"op":"put","name":"open/b","document":1},)" + put, "bob");
    expect_problem(refused, 403, "permission_denied");
    EXPECT_EQ(member(refused, "write"), "1");
    EXPECT_EQ(document("open/b"), "none");
    EXPECT_EQ(
        commit(R"({"op":"patch","name":"prices/a","pointer":"/price","value":11})", "bob").status,
        200);
    const std::string merge = R"({"op":"merge","name":"prices/a","document":{"price":12}})";
    const auto twice = commit(merge + "," + merge, "bob");
    expect_problem(twice, 400, "bad_request");
    EXPECT_THAT(twice.body, HasSubstr("an earlier write of the transaction"));
    expect_problem(commit(R"({"op":"publish","subject":"s","document":{"size":3}})", "bob"), 403,
                   "permission_denied");
    EXPECT_EQ(commit(R"({"op":"publish","subject":"s","document":{"size":2}})", "bob").status, 200);
    expect_problem(commit(R"({"op":"remove","name":"prices/a"})", "bob"), 403, "permission_denied");
}

TEST_F(ValveAccess, ReadsAndListsSeeTheRecord) {
    client_.put("owned/a", R"({"owner":"anna"})").value();
    client_.put("owned/b", R"({"owner":"bob"})").value();
    client_.put("linked/a", "1").value();
    EXPECT_EQ(http_.get(at("owned/a"), as("anna")).status, 200);
    expect_problem(http_.get(at("owned/b"), as("anna")), 403, "permission_denied");
    expect_problem(http_.get(at("owned/none"), as("anna")), 403, "permission_denied");
    const auto page = http_.get("/v1/records?pattern=owned/**", as("bob"));
    EXPECT_THAT(page.body, HasSubstr("owned/b"));
    EXPECT_THAT(page.body, Not(HasSubstr("owned/a")));
    expect_problem(http_.get(at("linked/a"), as("anna")), 403, "permission_denied");
    client_.put("open/anna", "1").value();
    EXPECT_EQ(http_.get(at("linked/a"), as("anna")).status, 200);
    expect_problem(http_.post("/v1/query", R"({"sql":"SELECT 1"})", as("anna")), 403,
                   "permission_denied");
    expect_problem(http_.get(at("$sys/session/1"), as("anna")), 403, "permission_denied");
    expect_problem(http_.get("/v1/watch?pattern=closed/**", as("anna")), 403, "permission_denied");
}

TEST_F(ValveAccess, WatchesDeliverTheStatesThatARuleAllows) {
    client_.put("owned/a", R"({"owner":"anna"})").value();
    client_.put("owned/b", R"({"owner":"bob"})").value();
    auto stream = watch("pattern=owned/**&initial=true", as("anna"));
    EXPECT_EQ(next(stream), R"(current owned/a={"owner":"anna"})");
    stream.settle();
    client_.put("owned/a", R"({"owner":"bob"})").value();
    client_.put("owned/b", R"({"owner":"anna"})").value();
    EXPECT_EQ(next(stream), R"(put owned/b={"owner":"anna"})");
}

TEST_F(ValveAccess, EventsAndCallsAreDecidedByWhatTheyCarry) {
    EXPECT_EQ(http_.post("/v1/events/s", R"({"size":2})", as("bob")).status, 200);
    expect_problem(http_.post("/v1/events/s", R"({"size":3})", as("bob")), 403,
                   "permission_denied");
    expect_problem(http_.post("/v1/events/s", "{", as("bob")), 400, "bad_json");
    expect_problem(http_.post("/v1/rpc/f", "2", as("bob")), 403, "permission_denied");
    expect_problem(http_.post("/v1/rpc/f", "1", as("bob")), 503, "no_provider");
}

TEST_F(ValveAccess, ARuleThatFailsDeniesAndTheLogSaysWhy) {
    client_.put("broken/a", "{}").value();
    expect_problem(http_.get(at("broken/a"), as("anna")), 403, "permission_denied");
    EXPECT_TRUE(gateway_.logs("because record 'broken/*' read failed: TypeError"));
}

TEST_F(ValveAccess, SighupReadsTheRulesAgainUnlessTheyAreBad) {
    EXPECT_EQ(http_.put(at("open/1"), "1", as("bob")).status, 201);
    write("rules.yml", rules_of("  \"open/*\": {read: \"user.name(\"}\n"));
    gateway_.signal(SIGHUP);
    EXPECT_TRUE(gateway_.logs("configuration not reloaded"));
    EXPECT_THAT(gateway_.log(), HasSubstr("rules.yml:3: 'record' 'open/*' 'read': 'name' cannot"));
    EXPECT_EQ(http_.put(at("open/1"), "2", as("bob")).status, 200);
    write("rules.yml", rules_of("  \"open/*\": {read: true}\n"));
    gateway_.signal(SIGHUP);
    EXPECT_TRUE(gateway_.logs("configuration reloaded"));
    expect_problem(http_.put(at("open/1"), "3", as("bob")), 403, "permission_denied");
}

class ValveConfiguration : public testing::AccessTest {};

TEST_F(ValveConfiguration, NamesAFileAndIsTheOnlyOneToDecide) {
    write_file("rules.yml",
               "record: {\"*\": {read: true}}\nevent: {\"*\": {publish: true}}\n"
               "rpc: {\"*\": {request: true}}\npresence: {\"*\": {allow: true}}\n");
    const auto access = load("[valve]\nfile = \"rules.yml\"\n");
    ASSERT_TRUE(access) << access.error().text();
    const gateway::Identity anna{.user = "anna", .claims = {}, .data = {}};
    const gateway::RecordSource no_records;
    const auto permissions = access->permissions_of(anna, no_records);
    EXPECT_TRUE(permissions->decide(gateway::Action::read, "a").is_allowed);
    EXPECT_FALSE(permissions->decide(gateway::Action::write, "a").is_allowed);
    EXPECT_TRUE(load("")->permissions_of(anna, no_records)->allows_all(gateway::Action::write));
    expect_refused("\n[valve]\n", 2, "set file");
    expect_refused("[valve]\nfile = 7\n", 2, "");
    expect_refused("[valve]\nfile = \"rules.yml\"\nother = 1\n", 3, "other");
    expect_refused(
        "[valve]\nfile = \"rules.yml\"\n[[rule]]\nactions = [\"read\"]\n"
        "patterns = [\"**\"]\n",
        1, "both [valve] and [[rule]] are present");
    const auto missing = load("[valve]\nfile = \"none.yml\"\n");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().detail, HasSubstr("none.yml: cannot be read"));
}

}  // namespace
}  // namespace ringside
