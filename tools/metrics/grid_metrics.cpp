#include "tools/metrics/grid_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "shm/protocol/handshake.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"
#include "shm/segment/segment_owner.hpp"
#include "tools/ringside/grid_state.hpp"

namespace ringside::metrics {

namespace {

/// A broker whose heart has not beaten for so long is stuck.
constexpr std::chrono::seconds heartbeat_age_max(2);

std::uint64_t load(const shm::Word& word) { return word.load(std::memory_order_relaxed); }
std::uint64_t load(const shm::HalfWord& word) { return word.load(std::memory_order_relaxed); }

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

bool is_serving(const shm::Header& header) {
    return load(header.broker.state) == static_cast<std::uint64_t>(shm::GridState::serving);
}

/// A broker that is dead is found by its claim, one that is stuck by its heartbeat.
bool is_up(const shm::Segment& segment) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::nanoseconds heartbeat(load(segment.header().broker.heartbeat_ns));
    return is_serving(segment.header()) && shm::living_broker(segment) &&
           now - heartbeat < heartbeat_age_max;
}

void write_identity(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Identity& identity = segment.identity();
    const shm::Header& header = segment.header();
    const std::string layout = std::to_string(identity.layout);
    const std::string boot_id = fmt::format("{:016x}", identity.boot_id);
    writer.family("ringside_grid_info", MetricType::gauge, "Which grid this is; always 1.");
    writer.sample({{"grid", identity.grid_name.data()}, {"layout", layout}, {"boot_id", boot_id}},
                  std::uint64_t{1});
    writer.gauge("ringside_grid_created_timestamp_seconds", "When the segment was made, Unix time.",
                 seconds(identity.created_ns));
    writer.gauge("ringside_broker_heartbeat_timestamp_seconds",
                 "When the broker last said that it lives, Unix time.",
                 seconds(load(header.broker.heartbeat_ns)));
    writer.gauge("ringside_broker_generation", "How often a broker has taken the segment over.",
                 load(header.horizon.generation));
}

void write_memory(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Identity& identity = segment.identity();
    const shm::Counters& counters = segment.header().counters;
    writer.gauge("ringside_segment_size_bytes", "Size of the segment.", identity.segment_bytes);
    writer.gauge("ringside_heap_size_bytes", "Size of the heap, in which records lie.",
                 identity.heap.bytes);
    writer.gauge("ringside_heap_used_bytes", "Bytes of the heap's blocks that are in use.",
                 load(counters.heap_bytes_used));
    writer.gauge("ringside_heap_spans_bytes", "Bytes of the spans that hold these blocks.",
                 load(counters.heap_bytes_spans));
    writer.gauge("ringside_heap_retired_blocks", "Replaced blocks that readers may still need.",
                 load(counters.retired_blocks));
    writer.gauge("ringside_heap_retired_bytes", "Bytes of these blocks.",
                 load(counters.retired_bytes));
}

void write_contents(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.gauge("ringside_records", "Records, without those of the grid itself.",
                 load(counters.records));
    writer.gauge("ringside_tombstones", "Removed records whose memory still waits.",
                 load(counters.tombstones));
    writer.gauge("ringside_record_table_size_entries", "Capacity of the record table.",
                 load(counters.table_entries));
    writer.gauge("ringside_record_table_used_entries", "Entries of it in use, or marked removed.",
                 load(counters.table_used));
    writer.gauge("ringside_record_slots_used", "Slots of records in use.",
                 load(counters.slots_used));
    const shm::ChangeRingReader ring(segment);
    // The tail is read first: it only grows, and never beyond a head that is read after it.
    const Position tail = ring.tail();
    writer.gauge("ringside_change_ring_size_entries", "Capacity of the change ring.",
                 ring.capacity());
    writer.gauge("ringside_change_ring_retained_entries", "Changes that it retains.",
                 std::min(ring.head() - tail, ring.capacity()));
    writer.gauge("ringside_change_ring_oldest_revision",
                 "Revision of the oldest change that it retains; 0: none.",
                 load(segment.header().tail.tail_revision));
}

void write_store(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::StoreLine& store = segment.header().store;
    const bool has_store = store.is_followed();
    const bool is_failing = load(store.is_failing) != 0;
    writer.family("ringside_store_state", MetricType::gauge,
                  "1 at the state of the store: none (in memory only), working or failing.");
    const auto state = [&](std::string_view name, bool holds) {
        writer.sample({{"state", name}}, std::uint64_t{holds});
    };
    state("none", !has_store);
    state("working", has_store && !is_failing);
    state("failing", has_store && is_failing);
    const std::uint64_t durable = load(segment.header().broker.durable);
    const std::uint64_t published = load(segment.header().commit.published);
    writer.gauge("ringside_published_revision", "Revision that readers see.", published);
    writer.gauge("ringside_durable_revision",
                 "Revision up to which everything is on disk; 0 without a store.", durable);
    writer.gauge("ringside_durable_lag_revisions",
                 "Revisions that are not on disk yet; 0 without a store.",
                 has_store ? published - std::min(durable, published) : 0);
}

/// The name of numbers that are no code.
constexpr std::string_view unknown_error = "unknown";

bool is_alarm(Errc code) noexcept {
    return code == Errc::grid_full || code == Errc::read_only || code == Errc::records_limit;
}

void write_work(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.counter("ringside_commits_total", "Commits.", load(counters.commits));
    writer.counter("ringside_changes_total", "Changes of records.", load(counters.changes));
    writer.counter("ringside_refused_requests_total", "Requests answered with an error.",
                   load(counters.refused));
    writer.family("ringside_refusals_total", MetricType::counter,
                  "Requests answered with an error, by the error's name.");
    for (std::size_t code = 1; code < counters.refused_by_code.size(); ++code) {
        const std::uint64_t refused = load(counters.refused_by_code[code]);
        // Those to raise an alarm by are there from the beginning, so that their rate is known.
        const bool is_alarming = is_alarm(static_cast<Errc>(code));
        const bool is_known = name(static_cast<Errc>(code)) != unknown_error;
        if (!is_known || (refused == 0 && !is_alarming)) continue;
        writer.sample({{"error", name(static_cast<Errc>(code))}}, refused);
    }
    writer.counter("ringside_watcher_wakes_total", "Times that sleeping watchers were woken.",
                   load(counters.wakes));
    writer.counter("ringside_engine_busy_seconds_total",
                   "Time in which the engine's thread had something to do.",
                   seconds(load(counters.busy_ns)));
    writer.counter("ringside_pins_revoked_total", "Pins whose lease ran out.",
                   load(counters.pins_revoked));
}

void write_messaging(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.counter("ringside_events_total", "Events published.", load(counters.events));
    writer.counter("ringside_calls_total", "Calls made.", load(counters.calls));
    writer.gauge("ringside_calls_under_way", "Calls without an outcome yet.",
                 load(counters.calls_under_way));
    writer.counter("ringside_late_answers_total",
                   "Answers that came when nobody waited any more, and were dropped.",
                   load(counters.answers_late));
    writer.gauge("ringside_providers", "Providers of calls.", load(counters.providers));
    writer.gauge("ringside_listeners", "Listeners for what is watched.", load(counters.listeners));
    writer.gauge("ringside_provided_subjects", "Watched names that a listener provides.",
                 load(counters.subjects_provided));
}

void write_sessions(MetricsWriter& writer, const shm::SegmentView& segment) {
    constexpr std::array roles{"none", "reader", "writer", "provider", "admin"};
    std::array<std::uint64_t, roles.size()> of_role{};
    std::uint64_t lanes = 0;
    std::uint64_t lag = 0;
    tools::for_each_session(segment, [&](SessionId, const shm::SessionEntry& entry) {
        const std::uint64_t role = load(entry.role);
        if (role < of_role.size()) ++of_role[role];
        lanes += load(entry.lanes);
        lag = std::max(lag, load(entry.lag));
    });
    writer.family("ringside_sessions", MetricType::gauge, "Sessions that are open, by role.");
    for (std::size_t role = 0; role < roles.size(); ++role) {
        writer.sample({{"role", roles[role]}}, of_role[role]);
    }
    writer.counter("ringside_sessions_opened_total", "Sessions that were ever opened.",
                   load(segment.header().counters.sessions_total));
    writer.gauge("ringside_session_lanes", "Lanes of all sessions.", lanes);
    writer.gauge("ringside_watch_lag_changes", "Changes that the slowest watch is behind.", lag);
}

void write_indexes(MetricsWriter& writer, const shm::SegmentView& segment) {
    constexpr std::array states{"building", "ready", "suspended"};  // of IndexState, from 1 on
    std::array<std::uint64_t, states.size()> in_state{};
    std::uint64_t values = 0;
    std::uint64_t postings = 0;
    std::uint64_t bytes = 0;
    for (const shm::IndexEntry& entry : segment.header().indexes) {
        const std::uint64_t state = load(entry.state);
        if (load(entry.life) == 0 || state == 0 || state > states.size()) continue;
        ++in_state[state - 1];
        values += load(entry.values);
        postings += load(entry.postings);
        bytes += load(entry.bytes);
    }
    writer.family("ringside_indexes", MetricType::gauge, "Secondary indexes, by state.");
    for (std::size_t i = 0; i < states.size(); ++i) {
        writer.sample({{"state", states[i]}}, in_state[i]);
    }
    writer.gauge("ringside_index_values", "Different values in all indexes.", values);
    writer.gauge("ringside_index_postings", "Records in all indexes, each under its value.",
                 postings);
    writer.gauge("ringside_index_bytes", "Memory of all indexes.", bytes);
}

}  // namespace

void write_grid_metrics(MetricsWriter& writer, const std::string& grid) {
    const auto opened = shm::Segment::open(grid);
    const bool is_there = opened && is_serving(opened->header());
    writer.gauge("ringside_up", "1 while the grid's broker lives.",
                 std::uint64_t{is_there && is_up(*opened)});
    if (is_there) write_segment_metrics(writer, opened->view());
}

void write_segment_metrics(MetricsWriter& writer, const shm::SegmentView& segment) {
    write_identity(writer, segment);
    write_memory(writer, segment);
    write_contents(writer, segment);
    write_store(writer, segment);
    write_work(writer, segment);
    write_messaging(writer, segment);
    write_sessions(writer, segment);
    write_indexes(writer, segment);
}

}  // namespace ringside::metrics
