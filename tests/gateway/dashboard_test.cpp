#include <gtest/gtest.h>
#include <simdjson.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringside/client.hpp"
#include "tests/gateway/exposition.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/prometheus_text.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {
namespace {

using simdjson::dom::element;

class Dashboard : public ::testing::Test {
protected:
    simdjson::dom::parser parser_;
    element root_ =
        parser_
            .load(std::string(built::source_directory) + "/tools/gateway/dashboard/ringside.json")
            .value();

    [[nodiscard]] std::vector<std::string> expressions() const {
        std::vector<std::string> all;
        for (const element panel : root_["panels"]) {
            element targets;
            if (panel["targets"].get(targets) != simdjson::SUCCESS) continue;
            for (const element target : simdjson::dom::array(targets)) {
                all.emplace_back(std::string_view(target["expr"]));
            }
        }
        return all;
    }
};

/// Returns the names of all samples that are written, including those of Kafka.
std::set<std::string> written_metrics() {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    client.put("kafka/g/@source/1", R"({"state":"held","lag":2,"dead_letters":1})").value();
    client.put("kafka/s/@sink/1", R"({"state":"waiting","behind":2,"too_large":1})").value();
    gateway::GatewayFigures figures;
    figures.requests.count("GET", 200);
    metrics::PrometheusText text;
    metrics::write_grid_metrics(text, grid.name(), {{"ringside-gateway", getpid()}});
    gateway::write_gateway_metrics(text, figures, "1");
    // Metrics that only a gateway with TLS writes; see GatewayTls.
    std::set<std::string> written{"ringside_gateway_certificate_expiry_timestamp_seconds"};
    const std::string figures_text = std::move(text).finish();
    const Exposition exposition = Exposition::parse(figures_text);
    for (const auto& [name, family] : exposition.families()) {
        for (const auto& sample : family.samples) written.insert(sample.name);
    }
    return written;
}

void expect_written(const std::string& expression, const std::set<std::string>& written) {
    const std::regex metric("(ringside|process)_[a-z_]+");
    std::sregex_iterator at(expression.begin(), expression.end(), metric);
    EXPECT_NE(at, std::sregex_iterator()) << expression;
    for (; at != std::sregex_iterator(); ++at) {
        EXPECT_TRUE(written.contains(at->str())) << expression;
    }
}

TEST_F(Dashboard, ShowsOnlyMetricsThatAreWritten) {
    const std::set<std::string> written = written_metrics();
    ASSERT_GT(expressions().size(), 30U);
    for (const std::string& expression : expressions()) expect_written(expression, written);
}

TEST(Alerts, AlertsUseWrittenMetricsOnly) {
    const std::set<std::string> written = written_metrics();
    const YAML::Node file = YAML::LoadFile(std::string(built::source_directory) +
                                           "/tools/gateway/dashboard/alerts.yml");
    std::set<std::string> names;
    for (const YAML::Node& group : file["groups"]) {
        for (const YAML::Node& rule : group["rules"]) {
            const auto name = rule["alert"].as<std::string>();
            EXPECT_TRUE(names.insert(name).second) << name;
            expect_written(rule["expr"].as<std::string>(), written);
            EXPECT_FALSE(rule["labels"]["severity"].as<std::string>().empty()) << name;
            EXPECT_FALSE(rule["annotations"]["summary"].as<std::string>().empty()) << name;
            EXPECT_FALSE(rule["annotations"]["description"].as<std::string>().empty()) << name;
        }
    }
    EXPECT_GT(names.size(), 5U);
}

TEST(Alerts, PassTheCheckOfPrometheus) {
    if (shell("command -v promtool").status != 0) GTEST_SKIP() << "there is no promtool";
    const Outcome checked = shell("promtool check rules " + std::string(built::source_directory) +
                                  "/tools/gateway/dashboard/alerts.yml");
    EXPECT_EQ(checked.status, 0) << checked.output;
}

TEST_F(Dashboard, TakesRatesOfCountersAndOfNothingElse) {
    const std::regex counter("(ringside|process)_[a-z_]+_(total|bucket|sum|count)");
    const std::regex rate("rate\\((ringside|process)_[a-z_]+_(total|bucket|sum|count)\\{");
    for (const std::string& expression : expressions()) {
        const bool is_rate = expression.find("rate(") != std::string::npos;
        EXPECT_EQ(is_rate, std::regex_search(expression, counter)) << expression;
        EXPECT_EQ(is_rate, std::regex_search(expression, rate)) << expression;
    }
}

TEST_F(Dashboard, LetsItsUserChooseTheDataSourceAndPutsNoPanelOverAnother) {
    EXPECT_EQ(std::string_view(root_["templating"]["list"].at(0)["type"]), "datasource");
    std::set<std::pair<std::int64_t, std::int64_t>> taken;
    std::set<std::int64_t> ids;
    for (const element panel : root_["panels"]) {
        const std::string_view title = panel["title"];
        EXPECT_TRUE(ids.insert(std::int64_t(panel["id"])).second) << title;
        element source;
        if (panel["datasource"].get(source) == simdjson::SUCCESS) {
            EXPECT_EQ(std::string_view(source["uid"]), "${datasource}") << title;
        }
        const element place = panel["gridPos"].value();
        const std::int64_t left = place["x"];
        const std::int64_t top = place["y"];
        EXPECT_LE(left + std::int64_t(place["w"]), 24) << title;
        for (std::int64_t x = left; x < left + std::int64_t(place["w"]); ++x) {
            for (std::int64_t y = top; y < top + std::int64_t(place["h"]); ++y) {
                EXPECT_TRUE(taken.emplace(x, y).second) << title;
            }
        }
    }
}

}  // namespace
}  // namespace ringside::testing
