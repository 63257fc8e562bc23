#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <limits>

#include "ringside/client.hpp"
#include "shm/protocol/handshake.hpp"
#include "tests/gateway/exposition.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"
#include "tools/gateway/metrics/metrics_json.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/kafka_metrics.hpp"
#include "tools/metrics/prometheus_text.hpp"

namespace ringside::testing {
namespace {

using gateway::GatewayFigures;
using gateway::MetricsJson;
using metrics::MetricsWriter;
using metrics::MetricType;
using metrics::PrometheusText;

template <class Write>
std::string text_of(Write write) {
    PrometheusText text;
    write(text);
    return std::move(text).finish();
}

template <class Write>
Exposition parsed(Write write) {
    return Exposition::parse(text_of(write));
}

Exposition figures_of(const TestGrid& grid) {
    return parsed([&](MetricsWriter& writer) { metrics::write_grid_metrics(writer, grid.name()); });
}

Exposition figures_of(const GatewayFigures& figures) {
    return parsed(
        [&](MetricsWriter& writer) { gateway::write_gateway_metrics(writer, figures, "1.2.3"); });
}

TEST(PrometheusText, EscapesWhatHelpsAndLabelsMayHave) {
    const std::string text = text_of([](MetricsWriter& writer) {
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
    const std::string text = text_of([](MetricsWriter& writer) {
        writer.gauge("ringside_a", "a", std::numeric_limits<std::uint64_t>::max());
        writer.gauge("ringside_b", "b", 0.1);
        writer.gauge("ringside_c", "c", std::numeric_limits<double>::infinity());
    });
    EXPECT_NE(text.find("ringside_a 18446744073709551615\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ringside_b 0.1\n"), std::string::npos) << text;
    EXPECT_TRUE(std::isinf(Exposition::parse(text).value("ringside_c")));
}

TEST(PrometheusText, IsReadByAParserThatRefusesWhatIsWrong) {
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

TEST(MetricsJson, HasNullForWhatIsNoNumber) {
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

TEST(GatewayFigures, AreEachWrittenUnderANameOfTheirOwn) {
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
        {"ringside_gateway_bodies_limit_bytes", &GatewayFigures::bodies_bytes_max},
        {"ringside_gateway_streams_bytes", &GatewayFigures::streams_bytes},
        {"ringside_gateway_streams_limit_bytes", &GatewayFigures::streams_bytes_max},
        {"ringside_gateway_streams_refused_total", &GatewayFigures::streams_bytes_refused},
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

/// A segment in which every word that is shown has a number of its own.
class SegmentMetrics : public ::testing::Test {
protected:
    shm::Segment segment_ = shm::Segment::create_anonymous({.memory_bytes = 8U << 20}).value();
    std::map<std::string, double> wanted_;

    void set(shm::Word& word, const std::string& name) {
        word.store(++next_);
        wanted_[name] = static_cast<double>(next_);
    }

    void number_counters() {
        shm::Counters& counters = segment_.header().counters;
        set(counters.records, "ringside_records");
        set(counters.tombstones, "ringside_tombstones");
        set(counters.heap_bytes_used, "ringside_heap_used_bytes");
        set(counters.heap_bytes_spans, "ringside_heap_spans_bytes");
        set(counters.table_entries, "ringside_record_table_size_entries");
        set(counters.table_used, "ringside_record_table_used_entries");
        set(counters.slots_used, "ringside_record_slots_used");
        set(counters.retired_blocks, "ringside_heap_retired_blocks");
        set(counters.retired_bytes, "ringside_heap_retired_bytes");
        set(counters.commits, "ringside_commits_total");
        set(counters.changes, "ringside_changes_total");
        set(counters.refused, "ringside_refused_requests_total");
        for (std::size_t code = 1; code < counters.refused_by_code.size(); ++code) {
            counters.refused_by_code[code].store(5000 + code);
        }
        set(counters.wakes, "ringside_watcher_wakes_total");
        set(counters.sessions_total, "ringside_sessions_opened_total");
        set(counters.pins_revoked, "ringside_pins_revoked_total");
        set(counters.events, "ringside_events_total");
        set(counters.calls, "ringside_calls_total");
        set(counters.calls_under_way, "ringside_calls_under_way");
        set(counters.answers_late, "ringside_late_answers_total");
        set(counters.providers, "ringside_providers");
        set(counters.listeners, "ringside_listeners");
        set(counters.subjects_provided, "ringside_provided_subjects");
        counters.busy_ns.store(2'500'000'000);
        wanted_["ringside_engine_busy_seconds_total"] = 2.5;
    }

    [[nodiscard]] Exposition figures() const {
        return parsed([&](MetricsWriter& writer) {
            metrics::write_segment_metrics(writer, segment_.view());
        });
    }

private:
    std::uint64_t next_ = 1000;
};

TEST_F(SegmentMetrics, ShowEachWordOfTheHeaderUnderItsName) {
    number_counters();
    shm::Header& header = segment_.header();
    header.horizon.generation.store(3);
    wanted_["ringside_broker_generation"] = 3;
    header.broker.heartbeat_ns.store(7'250'000'000);
    wanted_["ringside_broker_heartbeat_timestamp_seconds"] = 7.25;
    header.tail.tail.store(40);
    header.commit.head.store(50);
    header.tail.tail_revision.store(31);
    wanted_["ringside_change_ring_retained_entries"] = 10;
    wanted_["ringside_change_ring_oldest_revision"] = 31;
    header.commit.published.store(90);
    header.broker.durable.store(80);
    header.store.id.store(1);
    wanted_["ringside_published_revision"] = 90;
    wanted_["ringside_durable_revision"] = 80;
    wanted_["ringside_durable_lag_revisions"] = 10;
    const shm::Identity& identity = segment_.view().identity();
    wanted_["ringside_segment_size_bytes"] = double(identity.segment_bytes);
    wanted_["ringside_heap_size_bytes"] = double(identity.heap.bytes);
    wanted_["ringside_change_ring_size_entries"] = double(identity.ring_entries);
    wanted_["ringside_grid_created_timestamp_seconds"] = double(identity.created_ns) / 1e9;
    const Exposition exposition = figures();
    for (const auto& [name, value] : wanted_)
        EXPECT_DOUBLE_EQ(exposition.value(name), value) << name;
    const std::set<std::string> looked_at_elsewhere{
        "ringside_grid_info",     "ringside_store_state",    "ringside_sessions",
        "ringside_indexes",       "ringside_session_lanes",  "ringside_watch_lag_changes",
        "ringside_index_bytes",   "ringside_index_postings", "ringside_index_values",
        "ringside_refusals_total"};
    EXPECT_EQ(exposition.value("ringside_refusals_total", {{"error", "grid_full"}}), 5050);
    EXPECT_EQ(exposition.value("ringside_refusals_total", {{"error", "bad_name"}}), 5020);
    for (const auto& [name, family] : exposition.families()) {
        EXPECT_TRUE(wanted_.contains(name) || looked_at_elsewhere.contains(name)) << name;
    }
}

TEST_F(SegmentMetrics, CountRefusalsToRaiseAlarmsByFromTheBeginning) {
    EXPECT_EQ(figures().value("ringside_refusals_total", {{"error", "grid_full"}}), 0);
    EXPECT_EQ(figures().value("ringside_refusals_total", {{"error", "read_only"}}), 0);
    EXPECT_EQ(figures().families().at("ringside_refusals_total").samples.size(), 3U);
}

TEST(KafkaMetrics, ShowWhatSourcesAndSinksReport) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    const auto kafka_figures = [&] {
        return parsed([&](MetricsWriter& writer) {
            metrics::write_kafka_metrics(writer, client.snapshot().value());
        });
    };
    EXPECT_TRUE(kafka_figures().families().empty());
    client
        .put("kafka/onsale/@source/7-a",
             R"({"state":"held","messages":9,"dead_letters":4,"retries":2,"lag":null})")
        .value();
    client
        .put("kafka/out/@sink/8-b", R"({"state":"running","messages":3,"too_large":1,"behind":6})")
        .value();
    const Exposition found = kafka_figures();
    const std::map<std::string, std::string> source{{"group", "onsale"}, {"member", "7-a"}};
    const std::map<std::string, std::string> sink{{"sink", "out"}, {"member", "8-b"}};
    EXPECT_EQ(found.value("ringside_kafka_source_dead_letters_total", source), 4);
    EXPECT_EQ(found.value("ringside_kafka_source_messages_total", source), 9);
    EXPECT_EQ(found.value("ringside_kafka_source_waiting", source), 1);
    EXPECT_FALSE(found.families().contains("ringside_kafka_source_lag_messages")) << "not known";
    EXPECT_EQ(found.value("ringside_kafka_sink_too_large_total", sink), 1);
    EXPECT_EQ(found.value("ringside_kafka_sink_behind_revisions", sink), 6);
    EXPECT_EQ(found.value("ringside_kafka_sink_waiting", sink), 0);
}

TEST_F(SegmentMetrics, SayWhichStateTheStoreIsIn) {
    const auto states = [this] {
        const Exposition exposition = figures();
        std::string holding;
        for (const auto& sample : exposition.families().at("ringside_store_state").samples) {
            if (sample.value == 1) holding += sample.labels.at("state") + " ";
        }
        return holding;
    };
    EXPECT_EQ(states(), "none ");
    EXPECT_EQ(figures().value("ringside_durable_lag_revisions"), 0);
    segment_.header().store.id.store(1);
    EXPECT_EQ(states(), "working ");
    segment_.header().store.is_failing.store(1);
    EXPECT_EQ(states(), "failing ");
}

TEST_F(SegmentMetrics, CountSessionsByRoleAndShowTheSlowestWatch) {
    const auto open = [this](std::size_t place, shm::Role role, std::uint64_t lag) {
        shm::SessionEntry& entry = segment_.view().session(place);
        entry.role.store(static_cast<std::uint32_t>(role));
        entry.lanes.store(2);
        entry.lag.store(lag);
        entry.id.store(static_cast<std::uint32_t>(place + 1));
    };
    open(0, shm::Role::writer, 5);
    open(7, shm::Role::writer, 70);
    open(8, shm::Role::admin, 6);
    segment_.view().session(9).lag.store(1000);  // of a session that is gone
    const Exposition exposition = figures();
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "writer"}}), 2);
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "admin"}}), 1);
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "reader"}}), 0);
    EXPECT_EQ(exposition.value("ringside_session_lanes"), 6);
    EXPECT_EQ(exposition.value("ringside_watch_lag_changes"), 70);
}

TEST_F(SegmentMetrics, SumIndexesAndCountThemByState) {
    const auto define = [this](std::size_t place, shm::IndexState state, std::uint64_t bytes) {
        shm::IndexEntry& entry = segment_.header().indexes.at(place);
        entry.life.store(1);
        entry.state.store(static_cast<std::uint32_t>(state));
        entry.values.store(1);
        entry.postings.store(10);
        entry.bytes.store(bytes);
    };
    define(0, shm::IndexState::ready, 100);
    define(3, shm::IndexState::ready, 200);
    define(4, shm::IndexState::suspended, 0);
    segment_.header().indexes.at(5).bytes.store(5000);  // of one that is gone
    const Exposition exposition = figures();
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "ready"}}), 2);
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "building"}}), 0);
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "suspended"}}), 1);
    EXPECT_EQ(exposition.value("ringside_index_values"), 3);
    EXPECT_EQ(exposition.value("ringside_index_postings"), 30);
    EXPECT_EQ(exposition.value("ringside_index_bytes"), 300);
}

TEST(GridMetrics, AreReadFromTheGridThatIsThere) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    // A broker that has not run for two seconds counts as down.
    ASSERT_TRUE(eventually([&] { return figures_of(grid).value("ringside_up") == 1; }));
    const Exposition before = figures_of(grid);
    const auto& info = before.families().at("ringside_grid_info").samples.at(0).labels;
    EXPECT_EQ(info.at("grid"), grid.name());
    ASSERT_TRUE(client.put("a", "1"));
    ASSERT_TRUE(client.put("b", "2"));
    ASSERT_TRUE(client.publish("told", "{}"));
    ASSERT_FALSE(client.remove("c"));
    const auto provider = client.provide("calls/*");
    ASSERT_TRUE(provider);
    const auto after = [&](const std::string& name) {
        return figures_of(grid).value(name) - before.value(name);
    };
    // What the broker counts it shows with its next turn, or some turns later.
    EXPECT_TRUE(eventually([&] { return after("ringside_records") == 2; }));
    EXPECT_TRUE(eventually([&] { return after("ringside_commits_total") >= 2; }));
    EXPECT_TRUE(eventually([&] { return after("ringside_changes_total") >= 2; }));
    EXPECT_TRUE(eventually([&] { return after("ringside_events_total") == 1; }));
    EXPECT_TRUE(eventually([&] { return after("ringside_refused_requests_total") >= 1; }));
    EXPECT_TRUE(eventually([&] { return after("ringside_providers") == 1; }));
    EXPECT_GT(after("ringside_published_revision"), 0);
    EXPECT_GT(figures_of(grid).value("ringside_heap_used_bytes"), 0);
    EXPECT_EQ(figures_of(grid).value("ringside_sessions", {{"role", "admin"}}), 1);
}

TEST(GridMetrics, SayThatABrokerIsDeadAndGoOnShowingItsGrid) {
    TestGrid grid;
    ASSERT_TRUE(Client::attach({.grid = grid.name()})->put("a", "1"));
    ASSERT_TRUE(eventually([&] { return figures_of(grid).value("ringside_records") == 1; }));
    grid.kill_broker();
    EXPECT_TRUE(eventually([&] { return figures_of(grid).value("ringside_up") == 0; }));
    EXPECT_EQ(figures_of(grid).value("ringside_records"), 1);
    grid.start();
    EXPECT_TRUE(eventually([&] { return figures_of(grid).value("ringside_up") == 1; }));
}

TEST(GridMetrics, OfAGridThatHasEndedAreThatItIsDown) {
    TestGrid grid;
    EXPECT_EQ(grid.stop(), 0);
    const Exposition exposition = figures_of(grid);
    EXPECT_EQ(exposition.value("ringside_up"), 0);
    EXPECT_EQ(exposition.families().size(), 1U);
}

}  // namespace
}  // namespace ringside::testing
