#pragma once

#include <string>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/sse_client.hpp"

namespace ringside::testing {

/// Gateways whose watches are followed as server-sent events.
class WatchingTest : public GatewayTest {
protected:
    using GatewayTest::GatewayTest;

    [[nodiscard]] SseClient watch(const std::string& parameters, const HttpHeaders& headers = {},
                                  int receive_bytes = 0) const {
        return {gateway_.port(), "/v1/watch?" + parameters, headers, receive_bytes};
    }
    /// Returns the next event as "put a=1".
    static std::string next(SseClient& stream) {
        const auto event = stream.next();
        return event ? shown(*event) : "end";
    }
    static std::string shown(const SseEvent& event) {
        const auto document = Document::parse(event.data);
        if (!document) return "not JSON: " + event.data;
        const Value root = document->root();
        EXPECT_EQ(to_json(root["kind"]), '"' + event.type + '"');
        std::string text = event.type;
        if (const auto name = root["name"].as_string()) (text += ' ') += std::string(*name);
        if (root["document"].exists()) text += '=' + to_json(root["document"]);
        if (root["value"].exists()) text += ':' + to_json(root["value"]);
        return text;
    }
};

}  // namespace ringside::testing
