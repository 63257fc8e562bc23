#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "tools/gateway/openapi/openapi_document.hpp"

namespace ringside::testing {
namespace {

using simdjson::dom::element;

class OpenApi : public ::testing::Test {
protected:
    simdjson::dom::parser parser_;
    element root_ = parser_.parse(gateway::openapi_document().content).value();

    /// Calls `each(object)` for every object below a value, and for itself.
    template <class Each>
    static void for_each_object(element value, Each& each) {
        if (value.is_array()) {
            for (const element item : simdjson::dom::array(value)) for_each_object(item, each);
        } else if (value.is_object()) {
            each(simdjson::dom::object(value));
            for (const auto field : simdjson::dom::object(value))
                for_each_object(field.value, each);
        }
    }

    /// Calls `each(path, method, operation)`.
    template <class Each>
    void for_each_operation(Each each) const {
        for (const auto path : simdjson::dom::object(root_["paths"])) {
            for (const auto item : simdjson::dom::object(path.value)) {
                if (item.key != "parameters") each(path.key, item.key, item.value);
            }
        }
    }

    /// Resolves a reference "#/components/…".
    [[nodiscard]] simdjson::simdjson_result<element> at(std::string_view reference) const {
        return root_.at_pointer(reference.substr(1));
    }
};

TEST_F(OpenApi, IsServedAsJsonOfVersion31) {
    EXPECT_EQ(gateway::openapi_document().path, "/openapi.json");
    EXPECT_EQ(gateway::openapi_document().content_type, "application/json");
    EXPECT_EQ(std::string_view(root_["openapi"]), "3.1.0");
}

TEST_F(OpenApi, HasEveryPathAndMethodOfTheGateway) {
    std::set<std::string> found;
    for_each_operation([&](std::string_view path, std::string_view method, element) {
        found.insert(std::string(method) + " " + std::string(path));
    });
    EXPECT_EQ(found, (std::set<std::string>{"get /",
                                            "get /healthz",
                                            "get /metrics",
                                            "get /openapi.json",
                                            "get /readyz",
                                            "get /v1/query",
                                            "get /v1/records",
                                            "head /v1/records",
                                            "put /v1/records",
                                            "patch /v1/records",
                                            "delete /v1/records",
                                            "get /v1/records/{name}",
                                            "head /v1/records/{name}",
                                            "put /v1/records/{name}",
                                            "patch /v1/records/{name}",
                                            "delete /v1/records/{name}",
                                            "get /v1/stats",
                                            "get /v1/watch",
                                            "get /v1/ws",
                                            "post /v1/events",
                                            "post /v1/events/{subject}",
                                            "post /v1/query",
                                            "post /v1/rpc",
                                            "post /v1/rpc/{name}",
                                            "post /v1/transactions"}));
}

TEST_F(OpenApi, HasReferencesThatLeadSomewhereAndPartsThatAreUsed) {
    std::set<std::string> used;
    auto note = [&](simdjson::dom::object object) {
        element reference;
        if (object["$ref"].get(reference) == simdjson::SUCCESS) {
            const std::string_view text = reference;
            EXPECT_EQ(at(text).error(), simdjson::SUCCESS) << text;
            used.emplace(text);
        }
    };
    for_each_object(root_, note);
    EXPECT_GT(used.size(), 30U);
    // Streams and sockets, which OpenAPI cannot describe, are included by name.
    const std::set<std::string> spoken_of{
        "#/components/schemas/Change", "#/components/schemas/WebSocketRequest",
        "#/components/schemas/WebSocketAnswer", "#/components/schemas/WebSocketChange",
        "#/components/schemas/WebSocketCall"};
    for (const auto kind : simdjson::dom::object(root_["components"])) {
        if (kind.key == "securitySchemes") continue;
        for (const auto part : simdjson::dom::object(kind.value)) {
            const std::string name =
                "#/components/" + std::string(kind.key) + "/" + std::string(part.key);
            EXPECT_TRUE(used.contains(name) || spoken_of.contains(name)) << name;
        }
    }
}

TEST_F(OpenApi, HasAnswersWithAnExactSchemaForEachOperation) {
    std::set<std::string> ids;
    for_each_operation([&](std::string_view path, std::string_view method, element operation) {
        const std::string what = std::string(method) + " " + std::string(path);
        EXPECT_TRUE(ids.emplace(std::string_view(operation["operationId"])).second) << what;
        int successes = 0;
        for (const auto response : simdjson::dom::object(operation["responses"])) {
            if (response.key[0] <= '2') ++successes;
        }
        EXPECT_GE(successes, 1) << what;
    });
    // A schema of an object lists its members: a response with another member does not pass.
    auto exact = [&](simdjson::dom::object object) {
        element type;
        element properties;
        element additional;
        if (object["type"].get(type) != simdjson::SUCCESS || !type.is_string()) return;
        if (std::string_view(type) != "object") return;
        if (object["properties"].get(properties) != simdjson::SUCCESS) return;
        EXPECT_TRUE(object["additionalProperties"].get(additional) == simdjson::SUCCESS ||
                    object["required"].get(additional) == simdjson::SUCCESS)
            << simdjson::minify(object);
    };
    for_each_object(root_["components"]["schemas"].value(), exact);
}

TEST_F(OpenApi, HasAProblemForEachRefusal) {
    for_each_operation([&](std::string_view path, std::string_view method, element operation) {
        if (method == "head") return;  // has no content
        for (const auto response : simdjson::dom::object(operation["responses"])) {
            if (response.key[0] < '4') continue;
            element target = response.value;
            element reference;
            if (target["$ref"].get(reference) == simdjson::SUCCESS) {
                target = at(std::string_view(reference)).value();
            }
            EXPECT_EQ(
                std::string_view(target["content"]["application/problem+json"]["schema"]["$ref"]),
                "#/components/schemas/Problem")
                << method << " " << path << " " << response.key;
        }
    });
}

TEST_F(OpenApi, HasParametersOfPathsWhereThePathHasThem) {
    for (const auto path : simdjson::dom::object(root_["paths"])) {
        const std::string name(path.key);
        const std::size_t open = name.find('{');
        element parameters;
        const bool has = path.value["parameters"].get(parameters) == simdjson::SUCCESS;
        ASSERT_EQ(has, open != std::string::npos) << name;
        if (!has) continue;
        const element parameter = at(std::string_view(parameters.at(0)["$ref"])).value();
        EXPECT_EQ("{" + std::string(std::string_view(parameter["name"])) + "}", name.substr(open));
        EXPECT_EQ(std::string_view(parameter["in"]), "path");
    }
}

}  // namespace
}  // namespace ringside::testing
