#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ringside/client.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/test_gateway.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// A grid, a gateway that serves it, and a client of each.
class GatewayTest : public ::testing::Test {
protected:
    explicit GatewayTest(std::vector<std::string> options = {},
                         std::vector<std::string> grid_options = {"--memory", "64MiB",
                                                                  "--ring-entries", "4096"})
        : grid_(with_patience(std::move(grid_options))),
          gateway_(grid_.name(), std::move(options)) {}

    [[nodiscard]] Client attach() const {
        return Client::attach({.grid = grid_.name(), .timeout = soon}).value();
    }

    /// Returns a member of the object in the response, as JSON; empty if there is none.
    static std::string member(const HttpResponse& response, const std::string& key) {
        const auto document = Document::parse(response.body);
        if (!document) return "not JSON: " + response.body;
        const Value value = document->root()[key];
        return value.exists() ? to_json(value) : std::string();
    }

    /// Expects a problem of RFC 9457 with that status and code.
    static void expect_problem(const HttpResponse& response, unsigned status,
                               const std::string& code) {
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(member(response, "status"), std::to_string(status));
        EXPECT_EQ(member(response, "code"), '"' + code + '"');
        EXPECT_EQ(member(response, "type"), "\"urn:ringside:error:" + code + '"');
        EXPECT_NE(member(response, "title"), "");
        EXPECT_NE(member(response, "detail"), "");
        EXPECT_EQ(response.header("Retry-After").empty(), status != 503 && status != 429);
    }

    TestGrid grid_;
    TestGateway gateway_;
    HttpClient http_{gateway_.port()};
    Client client_ = attach();
};

}  // namespace ringside::testing
