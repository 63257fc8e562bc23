#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "ringside/client.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/segment/statistics.hpp"
#include "tests/gateway/written_metrics.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/histogram_copy.hpp"
#include "tools/metrics/kafka_metrics.hpp"
#include "tools/metrics/record_copy.hpp"

/// The metrics that are read from a segment: grid, sessions, Kafka, processes.
namespace ringside::testing {
namespace {

using metrics::MetricsWriter;

Exposition figures_of(const TestGrid& grid) {
    return written(
        [&](MetricsWriter& writer) { metrics::write_grid_metrics(writer, grid.name()); });
}

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
        return written([&](MetricsWriter& writer) {
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
    const std::set<std::string> looked_at_elsewhere{"ringside_grid_info",
                                                    "ringside_store_state",
                                                    "ringside_sessions",
                                                    "ringside_indexes",
                                                    "ringside_session_lanes",
                                                    "ringside_watch_lag_changes",
                                                    "ringside_index_bytes",
                                                    "ringside_index_postings",
                                                    "ringside_index_values",
                                                    "ringside_refusals_total",
                                                    "ringside_pins",
                                                    "ringside_turn_duration_seconds",
                                                    "ringside_commit_duration_seconds",
                                                    "ringside_batch_commits",
                                                    "ringside_store_sync_duration_seconds",
                                                    "ringside_store_batch_changes"};
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
    const auto segment = shm::Segment::open(grid.name()).value();
    const auto kafka_figures = [&] {
        return written(
            [&](MetricsWriter& writer) { metrics::write_kafka_metrics(writer, segment.view()); });
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

TEST_F(SegmentMetrics, StateOfTheStoreIsShown) {
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
    shm::Statistics& statistics = shm::statistics_of(segment_.view());
    statistics.pins[7].store(3);
    statistics.pins[8].store(2);
    statistics.pins[9].store(50);
    const Exposition exposition = figures();
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "writer"}}), 2);
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "admin"}}), 1);
    EXPECT_EQ(exposition.value("ringside_sessions", {{"role", "reader"}}), 0);
    EXPECT_EQ(exposition.value("ringside_session_lanes"), 6);
    EXPECT_EQ(exposition.value("ringside_watch_lag_changes"), 70);
    EXPECT_EQ(exposition.value("ringside_pins"), 5);
}

TEST_F(SegmentMetrics, ShowHistogramsWithBoundsAtPowersOfTwo) {
    shm::Statistics& statistics = shm::statistics_of(segment_.view());
    for (const std::uint64_t ns : {100U, 256U, 257U, 1024U, 1'000'000U})
        statistics.turn_ns.observe(ns);
    statistics.commits_of_turn.observe(1, 4);
    statistics.commits_of_turn.observe(2);
    statistics.commits_of_turn.observe(1'000'000);
    const Exposition exposition = figures();
    const std::string turns = "ringside_turn_duration_seconds";
    EXPECT_EQ(exposition.value(turns + "_bucket", {{"le", "2.56e-07"}}), 2);
    EXPECT_EQ(exposition.value(turns + "_bucket", {{"le", "5.12e-07"}}), 3);
    EXPECT_EQ(exposition.value(turns + "_bucket", {{"le", "1.024e-06"}}), 4);
    EXPECT_EQ(exposition.value(turns + "_count"), 5);
    EXPECT_DOUBLE_EQ(exposition.value(turns + "_sum"), 1'001'637e-9);
    const std::string batches = "ringside_batch_commits";
    EXPECT_EQ(exposition.value(batches + "_bucket", {{"le", "1"}}), 4);
    EXPECT_EQ(exposition.value(batches + "_bucket", {{"le", "2"}}), 5);
    EXPECT_EQ(exposition.value(batches + "_bucket", {{"le", "131072"}}), 5);
    EXPECT_EQ(exposition.value(batches + "_count"), 6);
    EXPECT_EQ(exposition.value("ringside_store_sync_duration_seconds_count"), 0);
}

TEST(HistogramCopy, QuantilesOfAnIntervalAreWithinAQuarterOfTheValues) {
    shm::Histogram histogram{};
    histogram.observe(1'000'000'000, 50);
    const metrics::HistogramCopy before(histogram);
    EXPECT_EQ(before.since(before).quantile(0.5), 0);
    histogram.observe(1000, 98);
    histogram.observe(500'000, 2);
    const metrics::HistogramCopy interval = metrics::HistogramCopy(histogram).since(before);
    EXPECT_EQ(interval.count(), 100U);
    EXPECT_EQ(interval.sum(), 1'098'000U);
    EXPECT_NEAR(interval.quantile(0.5), 1000, 250);
    EXPECT_NEAR(interval.quantile(0.99), 500'000, 125'000);
    EXPECT_EQ(before.since(metrics::HistogramCopy(histogram)).count(), 0U) << "counts were reset";
}

TEST(ProcessMetrics, ShowTheResourcesOfEachProcessThatExists) {
    const auto processes = std::vector<metrics::MonitoredProcess>{
        {"this", getpid()}, {"parent", getppid()}, {"none", 0x7fffffff}};
    const Exposition found =
        written([&](MetricsWriter& writer) { metrics::write_process_metrics(writer, processes); });
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(found.value("process_resident_memory_bytes", {{"program", "this"}}), 1 << 20);
    EXPECT_GT(found.value("process_open_fds", {{"program", "this"}}), 2);
    EXPECT_GT(found.value("process_max_fds", {{"program", "this"}}), 2);
    EXPECT_GE(found.value("process_cpu_seconds_total", {{"program", "this"}}), 0);
    const double started = found.value("process_start_time_seconds", {{"program", "this"}});
    EXPECT_GT(started, now - 86'400);
    EXPECT_LE(started, now + 10);  // the clock of the host may have been set since it was booted
    EXPECT_EQ(found.families().at("process_resident_memory_bytes").samples.size(), 2U);
}

TEST(RecordCopies, AreLimitedInNumber) {
    const TestGrid grid({"--memory", "64MiB"});
    Client client = Client::attach({.grid = grid.name()}).value();
    for (std::size_t i = 0; i < metrics::records_max + 100; ++i) {
        client.put("kafka/" + std::to_string(i) + "/@source/1", "{}").value();
        if (i % 10 == 0) client.put("kafka/" + std::to_string(i) + "/other", "{}").value();
    }
    const auto segment = shm::Segment::open(grid.name()).value();
    const auto pattern = Pattern::parse("kafka/*/@source/*").value();
    const auto records = metrics::copy_records(segment.view(), pattern);
    EXPECT_EQ(records.size(), metrics::records_max);
    for (const metrics::RecordCopy& one : records) EXPECT_TRUE(pattern.matches(one.name));
}

TEST(KafkaMetrics, AreReadWholeWhileTheRecordsChange) {
    const TestGrid grid({"--memory", "64MiB", "--retain-entries", "64"});
    Client client = Client::attach({.grid = grid.name()}).value();
    const auto segment = shm::Segment::open(grid.name()).value();
    const auto write = [&client](int round) {
        for (const char* group : {"a", "b", "c"}) {
            client
                .put("kafka/" + std::string(group) + "/@source/1",
                     fmt::format(R"({{"state":"following","messages":{0},"retries":{0}}})", round))
                .value();
        }
    };
    write(0);
    std::atomic<bool> is_over = false;
    std::thread writer([&] {
        for (int round = 1; !is_over; ++round) write(round);
    });
    for (int i = 0; i < 200; ++i) {
        const Exposition found = written(
            [&](MetricsWriter& text) { metrics::write_kafka_metrics(text, segment.view()); });
        for (const char* group : {"a", "b", "c"}) {
            const std::map<std::string, std::string> labels{{"group", group}, {"member", "1"}};
            EXPECT_EQ(found.value("ringside_kafka_source_messages_total", labels),
                      found.value("ringside_kafka_source_retries_total", labels));
        }
    }
    is_over = true;
    writer.join();
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
    segment_.header().indexes.at(5).bytes.store(5000);  // of an index that is gone
    const Exposition exposition = figures();
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "ready"}}), 2);
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "building"}}), 0);
    EXPECT_EQ(exposition.value("ringside_indexes", {{"state", "suspended"}}), 1);
    EXPECT_EQ(exposition.value("ringside_index_values"), 3);
    EXPECT_EQ(exposition.value("ringside_index_postings"), 30);
    EXPECT_EQ(exposition.value("ringside_index_bytes"), 300);
}

TEST(GridMetrics, MetricsComeFromTheCurrentGrid) {
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
    // The broker publishes its counters with the next turn, or some turns later.
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

TEST(GridMetrics, DeadBrokerIsReportedWithTheFiguresOfItsGrid) {
    TestGrid grid;
    ASSERT_TRUE(Client::attach({.grid = grid.name()})->put("a", "1"));
    ASSERT_TRUE(eventually([&] { return figures_of(grid).value("ringside_records") == 1; }));
    grid.kill_broker();
    EXPECT_TRUE(eventually([&] { return figures_of(grid).value("ringside_up") == 0; }));
    EXPECT_EQ(figures_of(grid).value("ringside_records"), 1);
    grid.start();
    EXPECT_TRUE(eventually([&] { return figures_of(grid).value("ringside_up") == 1; }));
}

TEST(GridMetrics, EndedGridIsReportedAsDown) {
    TestGrid grid;
    EXPECT_EQ(grid.stop(), 0);
    const Exposition exposition = figures_of(grid);
    EXPECT_EQ(exposition.value("ringside_up"), 0);
    EXPECT_EQ(exposition.families().size(), 1U);
}

}  // namespace
}  // namespace ringside::testing
