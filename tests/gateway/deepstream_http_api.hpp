#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ringside::testing {

/// A gateway that serves deepstream's clients, configured by each test.
class DeepstreamHttpApiTest : public GatewayTest {
protected:
    /// Time limits that `text` does not name are never reached.
    void configure(std::string text) {
        const std::string table = "[deepstream]\n";
        const std::size_t at = text.find(table);
        for (const std::string limit :
             {"http_request_timeout_ms", "rpc_ack_timeout_ms", "rpc_response_timeout_ms"}) {
            if (at == std::string::npos || text.find(limit) != std::string::npos) continue;
            text.insert(at + table.size(), limit + " = 1800000\n");
        }
        write("gateway.toml", text);
        gateway_.stop();
        gateway_.set_options({"--config", directory_ / "gateway.toml"});
        gateway_.start();
        http_ = HttpClient(gateway_.port());
    }
    void write(const std::string& name, const std::string& text) const {
        const std::string path = directory_ / name;
        std::ofstream(path, std::ios::trunc) << text;
        std::filesystem::permissions(
            path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }

    /// Returns the body of a response without its line end.
    static std::string text_of(const HttpResponse& response) {
        constexpr std::string_view end = "\r\n\r\n";
        EXPECT_TRUE(response.body.ends_with(end)) << response.body;
        return response.body.substr(0, response.body.size() - end.size());
    }
    HttpResponse post(const std::string& path, std::string_view body,
                      const std::string& type = "application/json") {
        return http_.post(path, body, {{"Content-Type", type}});
    }
    /// Posts messages, as JSON without the brackets; `others` are further members of the request.
    std::string api(const std::string& messages, const std::string& others = "") {
        const auto response = post("/api", R"({"body":[)" + messages + "]" + others + "}");
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.header("Content-Type"), "application/json; charset=utf-8");
        return text_of(response);
    }
    void expect_refusal(const HttpResponse& response, unsigned status, const std::string& text) {
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
        EXPECT_EQ(text_of(response), text);
    }

    static std::string success(const std::string& entries) {
        return R"({"result":"SUCCESS","body":[)" + entries + "]}";
    }
    static std::string failure(const std::string& entries) {
        return R"({"result":"FAILURE","body":[)" + entries + "]}";
    }
    static std::string record(const std::string& action, const std::string& name,
                              const std::string& others = "") {
        return R"({"topic":"record","action":")" + action + R"(","recordName":")" + name + '"' +
               others + '}';
    }

    TemporaryDirectory directory_;
};

}  // namespace ringside::testing
