#include "shm/base/limits.hpp"
#include "tests/gateway/gateway_test.hpp"
#include "tests/support/ws_client.hpp"

/// The limits of documents are the same through every interface, whatever surrounds the document.
namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::WsClient;

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + "1" + std::string(levels, ']');
}

class GatewayDocumentLimits : public testing::GatewayTest {
protected:
    GatewayDocumentLimits() : GatewayTest({}, {"--memory", "512MiB", "--ring-entries", "4096"}) {}

    void SetUp() override { client_.put("a", "{}").value(); }

    std::string patch(const std::string& type, const std::string& body) {
        return http_
            .request("PATCH", "/v1/records/a", {{"Content-Type", "application/" + type}}, body)
            .body;
    }
    std::string commit(const std::string& write) {
        return http_.post("/v1/transactions", R"({"writes":[)" + write + "]}").body;
    }

    /// Returns the responses of all interfaces to one document.
    std::vector<std::pair<std::string, std::string>> write_everywhere(const std::string& json) {
        const std::string operation = R"([{"op":"replace","path":"","value":)" + json + "}]";
        const auto write_of = [&](const std::string& op, const std::string& content) {
            return R"("op":")" + op + R"(","name":"a",)" + content + "}";
        };
        const std::string put = write_of("put", R"("document":)" + json);
        const std::string set = write_of("patch", R"("pointer":"","value":)" + json);
        const std::string merge = write_of("merge", R"("document":)" + json);
        const std::string change = write_of("json_patch", R"("patch":)" + operation);
        const std::string event = R"("op":"publish","subject":"e","document":)" + json + "}";
        std::vector<std::pair<std::string, std::string>> answers;
        const auto add = [&](const std::string& entrance, const std::string& answer) {
            answers.emplace_back(entrance, answer);
        };
        add("PUT", http_.put("/v1/records/a", json).body);
        add("PUT at a pointer", http_.put("/v1/records/a?pointer=", json).body);
        add("PATCH, merge", patch("merge-patch+json", json));
        add("PATCH, JSON Patch", patch("json-patch+json", operation));
        add("POST of an event", http_.post("/v1/events/e", json).body);
        for (const std::string& write : {put, set, merge, change, event}) {
            add("transaction: " + write.substr(0, 20), commit("{" + write));
            add("WebSocket: " + write.substr(0, 20), ws_.ask(R"({"id":1,)" + write));
            add("WebSocket, commit: " + write.substr(0, 20),
                ws_.ask(R"({"id":1,"op":"commit","writes":[{)" + write + "]}"));
        }
        return answers;
    }

    WsClient ws_{gateway_.port()};
};

TEST_F(GatewayDocumentLimits, TheDeepestDocumentIsTakenAtEachEntrance) {
    for (const auto& [entrance, answer] : write_everywhere(nested(limits::depth_max))) {
        EXPECT_THAT(answer, HasSubstr(R"("revision":)")) << entrance;
    }
    EXPECT_EQ(to_json(client_.get("a")->document()), nested(limits::depth_max));
}

TEST_F(GatewayDocumentLimits, ADeeperDocumentIsRefusedAtEachEntrance) {
    for (const auto& [entrance, answer] : write_everywhere(nested(limits::depth_max + 1))) {
        EXPECT_THAT(answer, HasSubstr("too_deep")) << entrance;
    }
    EXPECT_EQ(to_json(client_.get("a")->document()), "{}");
}

TEST_F(GatewayDocumentLimits, NumbersFollowOneRuleAtEachEntrance) {
    const std::string written = "[-0.0,1e+20,-9223372036854775808.0,0.0,12345678901234568.0]";
    for (const auto& [entrance, answer] : write_everywhere(
             "[-0,100000000000000000000,-9223372036854776000,1e-999,12345678901234567.89]")) {
        EXPECT_THAT(answer, HasSubstr(R"("revision":)")) << entrance;
        EXPECT_EQ(to_json(client_.get("a")->document()), written) << entrance;
    }
    expect_problem(http_.put("/v1/records/a", "[1e999]"), 400, "number_out_of_range");
}

TEST_F(GatewayDocumentLimits, TheLongestTextIsTakenWithinAMessage) {
    const std::string json = '"' + std::string(limits::document_bytes_max - 2, 'x') + '"';
    const std::string put = R"("op":"put","name":"a","document":)" + json + "}";
    EXPECT_EQ(http_.put("/v1/records/a", json).status, 200);
    EXPECT_THAT(commit("{" + put), HasSubstr(R"("revision":)"));
    EXPECT_THAT(ws_.ask(R"({"id":1,)" + put), HasSubstr(R"("revision":)"));
    EXPECT_THAT(patch("json-patch+json", R"([{"op":"add","path":"","value":)" + json + "}]"),
                HasSubstr(R"("revision":)"));
}

TEST_F(GatewayDocumentLimits, ANumberThatIsPrintedLongerThanItCameIsNoLongerDocument) {
    std::string json = "[1e5";
    while (json.size() < 9'000'000) json += ",1e5";
    json += "]";
    const std::string put = R"("op":"put","name":"a","document":)" + json + "}";
    EXPECT_EQ(http_.put("/v1/records/a", json).status, 200);
    EXPECT_THAT(ws_.ask(R"({"id":1,)" + put), HasSubstr(R"("revision":)"));
    EXPECT_THAT(commit("{" + put), HasSubstr(R"("revision":)"));
}

TEST_F(GatewayDocumentLimits, APatchThatCopiesTooMuchIs413AndOthersAreServed) {
    std::string list = "[0";
    for (int i = 1; i < 25'000; ++i) list += "," + std::to_string(i);
    client_.put("a", R"({"z":)" + list + "]}").value();
    std::string operations = "[";
    for (int i = 0; i < 880; ++i) operations += R"({"op":"copy","from":"/z","path":"/y"},)";
    operations.back() = ']';
    const auto refused = http_.request(
        "PATCH", "/v1/records/a", {{"Content-Type", "application/json-patch+json"}}, operations);
    expect_problem(refused, 413, "patch_too_costly");
    EXPECT_EQ(http_.put("/v1/records/b", "1").status, 201);
    EXPECT_EQ(client_.get("a")->version(), 2U);
}

}  // namespace
}  // namespace ringside
