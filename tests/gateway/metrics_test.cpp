#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>

#include "tests/gateway/written_metrics.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"
#include "tools/gateway/metrics/metrics_json.hpp"

namespace ringside::testing {
namespace {

using gateway::GatewayFigures;
using gateway::MetricsJson;
using metrics::MetricsWriter;
using metrics::MetricType;
using metrics::PrometheusText;

Exposition figures_of(const GatewayFigures& figures) {
    return written(
        [&](MetricsWriter& writer) { gateway::write_gateway_metrics(writer, figures, "1.2.3"); });
}

TEST(PrometheusText, EscapesWhatHelpsAndLabelsMayHave) {
    const std::string text = written_text([](MetricsWriter& writer) {
        writer.family("ringside_a", MetricType::gauge, "back\\slash, \"quotes\" and\nlines");
        writer.sample({{"l", "back\\slash, \"quotes\" and\nlines"}, {"m", ""}}, std::uint64_t{1});
    });
    EXPECT_EQ(text,
              "# HELP ringside_a back\\\\slash, \"quotes\" and\\nlines\n"
              "# TYPE ringside_a gauge\n"
              "ringside_a{l=\"back\\\\slash, \\\"quotes\\\" and\\nlines\",m=\"\"} 1\n");
    EXPECT_EQ(Exposition::parse(text).value(
                  "ringside_a", {{"l", "back\\slash, \"quotes\" and\nlines"}, {"m", ""}}),
              1);
}

TEST(PrometheusText, WritesNumbersWithoutLoss) {
    const std::string text = written_text([](MetricsWriter& writer) {
        writer.gauge("ringside_a", "a", std::numeric_limits<std::uint64_t>::max());
        writer.gauge("ringside_b", "b", 0.1);
        writer.gauge("ringside_c", "c", std::numeric_limits<double>::infinity());
    });
    EXPECT_NE(text.find("ringside_a 18446744073709551615\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ringside_b 0.1\n"), std::string::npos) << text;
    EXPECT_TRUE(std::isinf(Exposition::parse(text).value("ringside_c")));
}

TEST(PrometheusText, StrictParserAcceptsTheText) {
    const std::string head = "# HELP ringside_a a\n# TYPE ringside_a gauge\n";
    EXPECT_NO_THROW(Exposition::parse(head + "ringside_a 1\n"));
    for (const std::string& wrong :
         {head + "ringside_a 1", head + "ringside_a\n", head + "ringside_a 1\nringside_a 2\n",
          head + "ringside_b 1\n", head + head, head + "ringside_a{l=\"a\\x\"} 1\n",
          head + "ringside_a{l=\"1\",l=\"2\"} 1\n", head + "ringside_a{l=\"1\" 1\n",
          std::string("ringside_a 1\n"), std::string("# TYPE ringside_a gauge\n"),
          std::string("# HELP ringside_a a\n# TYPE ringside_a counter\nringside_a 1\n")}) {
        EXPECT_ANY_THROW(Exposition::parse(wrong)) << wrong;
    }
}

TEST(MetricsJson, SaysWhatThePrometheusTextSays) {
    GatewayFigures figures;
    figures.requests.count("GET", 200);
    figures.request_duration.observe(std::chrono::microseconds(300));
    figures.bytes_sent = std::numeric_limits<std::uint64_t>::max();
    MetricsJson json;
    gateway::write_gateway_metrics(json, figures, "1.2.3");
    const std::string text = std::move(json).finish();
    simdjson::dom::parser parser;
    const simdjson::dom::object root = parser.parse(text).value();
    const Exposition exposition = figures_of(figures);
    EXPECT_EQ(root.size(), exposition.families().size());
    for (const auto& [name, family] : exposition.families()) {
        EXPECT_EQ(std::string_view(root[name]["type"]), family.type) << name;
        EXPECT_EQ(std::string_view(root[name]["help"]), family.help) << name;
        if (family.type == "histogram") continue;
        EXPECT_EQ(simdjson::dom::array(root[name]["samples"]).size(), family.samples.size());
        std::size_t i = 0;
        for (const simdjson::dom::element sample : root[name]["samples"]) {
            const Exposition::Sample& wanted = family.samples[i++];
            EXPECT_EQ(double(sample["value"]), wanted.value) << name;
            for (const auto [key, value] : simdjson::dom::object(sample["labels"])) {
                EXPECT_EQ(std::string_view(value), wanted.labels.at(std::string(key)));
            }
        }
    }
    EXPECT_EQ(std::uint64_t(root.at_pointer("/ringside_gateway_sent_bytes_total/samples/0/value")),
              figures.bytes_sent);
    const simdjson::dom::element took =
        root.at_pointer("/ringside_gateway_request_duration_seconds/samples/0");
    EXPECT_EQ(double(took["buckets"].at(2)["le"]), 0.0005);
    EXPECT_EQ(std::uint64_t(took["buckets"].at(1)["count"]), 0U);
    EXPECT_EQ(std::uint64_t(took["buckets"].at(2)["count"]), 1U);
    EXPECT_EQ(std::uint64_t(took["count"]), 1U);
}

TEST(MetricsJson, NonNumberIsNull) {
    MetricsJson json;
    json.gauge("ringside_a", "a", std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(
        std::move(json).finish(),
        R"({"ringside_a":{"type":"gauge","help":"a","samples":[{"labels":{},"value":null}]}})");
}

TEST(GatewayFigures, CountRequestsByMethodAndStatusAndTakeNoLabelFromClients) {
    GatewayFigures figures;
    figures.requests.count("GET", 200);
    figures.requests.count("GET", 204);
    figures.requests.count("PUT", 412);
    figures.requests.count("BREW\"", 999);
    const Exposition exposition = figures_of(figures);
    const std::string name = "ringside_gateway_requests_total";
    EXPECT_EQ(exposition.value(name, {{"method", "GET"}, {"status", "2xx"}}), 2);
    EXPECT_EQ(exposition.value(name, {{"method", "PUT"}, {"status", "4xx"}}), 1);
    EXPECT_EQ(exposition.value(name, {{"method", "OTHER"}, {"status", "5xx"}}), 1);
    EXPECT_EQ(exposition.families().at(name).samples.size(), 3U);
}

TEST(GatewayFigures, PutDurationsIntoTheBucketsOfTheirUpperBounds) {
    using namespace std::chrono_literals;
    GatewayFigures figures;
    figures.request_duration.observe(0ns);
    figures.request_duration.observe(100us);  // a bound belongs to its bucket
    figures.request_duration.observe(100'001ns);
    figures.request_duration.observe(1min);
    const Exposition exposition = figures_of(figures);
    const std::string name = "ringside_gateway_request_duration_seconds";
    EXPECT_EQ(exposition.value(name + "_bucket", {{"le", "0.0001"}}), 2);
    EXPECT_EQ(exposition.value(name + "_bucket", {{"le", "0.00025"}}), 3);
    EXPECT_EQ(exposition.value(name + "_bucket", {{"le", "5"}}), 3);
    EXPECT_EQ(exposition.value(name + "_bucket", {{"le", "+Inf"}}), 4);
    EXPECT_EQ(exposition.value(name + "_count"), 4);
    EXPECT_NEAR(exposition.value(name + "_sum"), 60.0002, 1e-5);
}

TEST(GatewayFigures, EachFigureHasItsOwnName) {
    struct Case {
        const char* name;
        std::uint64_t GatewayFigures::*figure;
        Exposition::Labels labels{};
    };
    const std::string operations = "ringside_gateway_operations_total";
    const Case cases[] = {
        {"ringside_gateway_connections", &GatewayFigures::connections_open},
        {"ringside_gateway_connections_limit", &GatewayFigures::connections_max},
        {"ringside_gateway_connections_accepted_total", &GatewayFigures::connections_accepted},
        {"ringside_gateway_connections_refused_total", &GatewayFigures::connections_refused},
        {"ringside_gateway_connections_late_total", &GatewayFigures::connections_late},
        {"ringside_gateway_websockets", &GatewayFigures::websockets_open},
        {"ringside_gateway_websocket_messages_total", &GatewayFigures::websocket_messages},
        {"ringside_gateway_received_bytes_total", &GatewayFigures::bytes_received},
        {"ringside_gateway_sent_bytes_total", &GatewayFigures::bytes_sent},
        {"ringside_gateway_unauthenticated_total", &GatewayFigures::unauthenticated},
        {"ringside_gateway_denied_total", &GatewayFigures::denied},
        {"ringside_gateway_rate_limited_total", &GatewayFigures::rate_limited},
        {"ringside_gateway_logins_slowed_total", &GatewayFigures::logins_slowed},
        {"ringside_gateway_bodies_bytes", &GatewayFigures::bodies_bytes},
        {"ringside_gateway_bodies_refused_total", &GatewayFigures::bodies_bytes_refused},
        {"ringside_gateway_stranger_bodies_bytes", &GatewayFigures::stranger_bodies_bytes},
        {"ringside_gateway_streams_bytes", &GatewayFigures::streams_bytes},
        {"ringside_gateway_streams_refused_total", &GatewayFigures::streams_bytes_refused},
        {"ringside_gateway_requests_waiting_for_grid", &GatewayFigures::requests_waiting_for_grid},
        {operations.c_str(), &GatewayFigures::reads, {{"operation", "read"}}},
        {operations.c_str(), &GatewayFigures::writes, {{"operation", "write"}}},
        {operations.c_str(), &GatewayFigures::publications, {{"operation", "publish"}}},
        {operations.c_str(), &GatewayFigures::queries, {{"operation", "query"}}},
        {operations.c_str(), &GatewayFigures::calls, {{"operation", "call"}}},
        {"ringside_gateway_providers", &GatewayFigures::providers},
        {"ringside_gateway_watches", &GatewayFigures::watches},
        {"ringside_gateway_watches_behind", &GatewayFigures::watches_behind},
        {"ringside_gateway_changes_sent_total", &GatewayFigures::changes_sent},
        {"ringside_gateway_watches_fell_behind_total", &GatewayFigures::watches_fell_behind},
        {"ringside_gateway_watches_lagged_total", &GatewayFigures::watches_lagged},
    };
    GatewayFigures figures;
    std::uint64_t next = 1001;
    for (const Case& one : cases) figures.*one.figure = next++;
    figures.is_draining = true;
    figures.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(12'500));
    const Exposition exposition = figures_of(figures);
    for (const Case& one : cases) {
        EXPECT_EQ(exposition.value(one.name, one.labels), double(figures.*one.figure)) << one.name;
    }
    EXPECT_EQ(exposition.value("ringside_gateway_draining"), 1);
    EXPECT_EQ(exposition.value("ringside_gateway_start_timestamp_seconds"), 12.5);
    EXPECT_EQ(exposition.value("ringside_gateway_info", {{"version", "1.2.3"}}), 1);
}

TEST(GatewayFigures, ShowEachLimitUnderASeparateName) {
    GatewayFigures figures;
    figures.work.push_back({.kind = "query",
                            .limits = {.threads = 11,
                                       .threads_per_user = 12,
                                       .waiting_max = 13,
                                       .waiting_per_user_max = 14}});
    figures.memory = {.bodies = 21,
                      .bodies_per_user = 22,
                      .stranger_bodies = 23,
                      .stranger_bodies_per_address = 24,
                      .streams = 25,
                      .streams_per_user = 26};
    figures.login_limits = {.of_user_at_address = {.burst = 31, .forgotten_per_minute = 32},
                            .of_user = {.burst = 33, .forgotten_per_minute = 34},
                            .of_address = {.burst = 35, .forgotten_per_minute = 36},
                            .pause = std::chrono::milliseconds(1500),
                            .deciding_per_address = 37,
                            .waiting_per_address = 38};
    const Exposition exposition = figures_of(figures);
    const Exposition::Labels query{{"kind", "query"}};
    const auto value = [&](const std::string& name, const Exposition::Labels& labels = {}) {
        return exposition.value("ringside_gateway_" + name, labels);
    };
    EXPECT_EQ(value("work_threads_limit", query), 11);
    EXPECT_EQ(value("work_threads_per_user_limit", query), 12);
    EXPECT_EQ(value("work_waiting_limit", query), 13);
    EXPECT_EQ(value("work_waiting_per_user_limit", query), 14);
    EXPECT_EQ(value("bodies_limit_bytes"), 21);
    EXPECT_EQ(value("bodies_per_user_limit_bytes"), 22);
    EXPECT_EQ(value("stranger_bodies_limit_bytes"), 23);
    EXPECT_EQ(value("stranger_bodies_per_address_limit_bytes"), 24);
    EXPECT_EQ(value("streams_limit_bytes"), 25);
    EXPECT_EQ(value("streams_per_user_limit_bytes"), 26);
    EXPECT_EQ(value("login_failures_limit", {{"by", "user_and_address"}}), 31);
    EXPECT_EQ(value("login_failures_forgotten_per_minute", {{"by", "user_and_address"}}), 32);
    EXPECT_EQ(value("login_failures_limit", {{"by", "user"}}), 33);
    EXPECT_EQ(value("login_failures_forgotten_per_minute", {{"by", "user"}}), 34);
    EXPECT_EQ(value("login_failures_limit", {{"by", "address"}}), 35);
    EXPECT_EQ(value("login_failures_forgotten_per_minute", {{"by", "address"}}), 36);
    EXPECT_EQ(value("login_pause_seconds"), 1.5);
    EXPECT_EQ(value("logins_per_address_limit"), 37);
    EXPECT_EQ(value("logins_waiting_per_address_limit"), 38);
}

/// A segment in which every displayed word has a distinct number.

}  // namespace
}  // namespace ringside::testing
