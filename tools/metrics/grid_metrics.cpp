#include "tools/metrics/grid_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "shm/protocol/handshake.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"
#include "shm/segment/segment_owner.hpp"
#include "shm/segment/statistics.hpp"
#include "tools/metrics/histogram_copy.hpp"
#include "tools/metrics/kafka_metrics.hpp"
#include "tools/ringside/grid_state.hpp"

namespace ringside::metrics {

namespace {

/// A broker whose last heartbeat is older is stuck.
constexpr std::chrono::seconds heartbeat_age_max(2);

std::uint64_t load(const shm::Word& word) { return word.load(std::memory_order_relaxed); }
std::uint64_t load(const shm::HalfWord& word) { return word.load(std::memory_order_relaxed); }

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

bool is_serving(const shm::Header& header) {
    return load(header.broker.state) == static_cast<std::uint64_t>(shm::GridState::serving);
}

/// The claim shows that a broker is dead, the heartbeat that it is stuck.
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
    writer.family("ringside_grid_info", MetricType::gauge, "Name of the grid; always 1.");
    writer.sample({{"grid", identity.grid_name.data()}, {"layout", layout}, {"boot_id", boot_id}},
                  std::uint64_t{1});
    writer.gauge("ringside_grid_created_timestamp_seconds",
                 "Creation time of the segment, Unix time.", seconds(identity.created_ns));
    writer.gauge("ringside_broker_heartbeat_timestamp_seconds",
                 "Time of the broker's last heartbeat, Unix time.",
                 seconds(load(header.broker.heartbeat_ns)));
    writer.gauge("ringside_broker_generation", "Number of take-overs of the segment.",
                 load(header.horizon.generation));
}

void write_memory(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Identity& identity = segment.identity();
    const shm::Counters& counters = segment.header().counters;
    writer.gauge("ringside_segment_size_bytes", "Size of the segment.", identity.segment_bytes);
    writer.gauge("ringside_heap_size_bytes", "Size of the heap, which holds the records.",
                 identity.heap.bytes);
    writer.gauge("ringside_heap_used_bytes", "Bytes of heap blocks in use.",
                 load(counters.heap_bytes_used));
    writer.gauge("ringside_heap_spans_bytes", "Bytes of the spans that hold blocks in use.",
                 load(counters.heap_bytes_spans));
    writer.gauge("ringside_heap_retired_blocks", "Replaced blocks that readers may still need.",
                 load(counters.retired_blocks));
    writer.gauge("ringside_heap_retired_bytes",
                 "Bytes of replaced blocks that readers may still need.",
                 load(counters.retired_bytes));
}

void write_contents(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.gauge("ringside_records", "Number of records, without those below $sys.",
                 load(counters.records));
    writer.gauge("ringside_tombstones", "Deleted records whose memory is not released yet.",
                 load(counters.tombstones));
    writer.gauge("ringside_record_table_size_entries", "Capacity of the record table.",
                 load(counters.table_entries));
    writer.gauge("ringside_record_table_used_entries",
                 "Entries of the record table that are in use or marked removed.",
                 load(counters.table_used));
    writer.gauge("ringside_record_slots_used", "Record slots in use.", load(counters.slots_used));
    const shm::ChangeRingReader ring(segment);
    // The tail is read first: it only grows, and never beyond a head that is read after it.
    const Position tail = ring.tail();
    writer.gauge("ringside_change_ring_size_entries", "Capacity of the change ring.",
                 ring.capacity());
    writer.gauge("ringside_change_ring_retained_entries", "Changes that the change ring retains.",
                 std::min(ring.head() - tail, ring.capacity()));
    writer.gauge("ringside_change_ring_oldest_revision",
                 "Revision of the oldest retained change; 0: none.",
                 load(segment.header().tail.tail_revision));
}

void write_store(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::StoreLine& store = segment.header().store;
    const bool has_store = store.is_followed();
    const bool is_failing = load(store.is_failing) != 0;
    writer.family(
        "ringside_store_state", MetricType::gauge,
        "State of the store: none (in memory only), working or failing; 1 for the current state.");
    const auto state = [&](std::string_view name, bool holds) {
        writer.sample({{"state", name}}, std::uint64_t{holds});
    };
    state("none", !has_store);
    state("working", has_store && !is_failing);
    state("failing", has_store && is_failing);
    const std::uint64_t durable = load(segment.header().broker.durable);
    const std::uint64_t published = load(segment.header().commit.published);
    writer.gauge("ringside_published_revision", "Published revision.", published);
    writer.gauge("ringside_durable_revision",
                 "Revision up to which all changes are on disk; 0 without a store.", durable);
    writer.gauge("ringside_durable_lag_revisions",
                 "Number of revisions that are not on disk yet; 0 without a store.",
                 has_store ? published - std::min(durable, published) : 0);
}

/// The name for numbers that are not a code.
constexpr std::string_view unknown_error = "unknown";

bool is_alarm(Errc code) noexcept {
    return code == Errc::grid_full || code == Errc::read_only || code == Errc::records_limit;
}

void write_work(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.counter("ringside_commits_total", "Commits.", load(counters.commits));
    writer.counter("ringside_changes_total", "Record changes.", load(counters.changes));
    writer.counter("ringside_refused_requests_total", "Requests refused with an error.",
                   load(counters.refused));
    writer.family("ringside_refusals_total", MetricType::counter,
                  "Requests refused with an error, by error code.");
    for (std::size_t code = 1; code < counters.refused_by_code.size(); ++code) {
        const std::uint64_t refused = load(counters.refused_by_code[code]);
        // Codes that should raise an alarm are present from the beginning, so that their rate is
        // known.
        const bool is_alarming = is_alarm(static_cast<Errc>(code));
        const bool is_known = name(static_cast<Errc>(code)) != unknown_error;
        if (!is_known || (refused == 0 && !is_alarming)) continue;
        writer.sample({{"error", name(static_cast<Errc>(code))}}, refused);
    }
    writer.counter("ringside_watcher_wakes_total", "Wake-ups of sleeping watchers.",
                   load(counters.wakes));
    writer.counter("ringside_engine_busy_seconds_total", "Busy time of the engine thread.",
                   seconds(load(counters.busy_ns)));
    writer.counter("ringside_pins_revoked_total",
                   "Pins that were revoked: their lease had ended, or memory was short.",
                   load(counters.pins_revoked));
}

void write_messaging(MetricsWriter& writer, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    writer.counter("ringside_events_total", "Events published.", load(counters.events));
    writer.counter("ringside_calls_total", "Calls made.", load(counters.calls));
    writer.gauge("ringside_calls_under_way", "Calls without an outcome so far.",
                 load(counters.calls_under_way));
    writer.counter("ringside_late_answers_total",
                   "Answers dropped because no caller waited for them.",
                   load(counters.answers_late));
    writer.gauge("ringside_providers", "Providers of calls.", load(counters.providers));
    writer.gauge("ringside_listeners", "Listeners for watched names.", load(counters.listeners));
    writer.gauge("ringside_provided_subjects", "Watched names that a listener provides.",
                 load(counters.subjects_provided));
}

void write_sessions(MetricsWriter& writer, const shm::SegmentView& segment) {
    constexpr std::array roles{"none", "reader", "writer", "provider", "admin"};
    std::array<std::uint64_t, roles.size()> of_role{};
    std::uint64_t lanes = 0;
    std::uint64_t lag = 0;
    std::uint64_t pins = 0;
    const auto& pins_of = shm::statistics_of(segment).pins;
    tools::for_each_session(segment, [&](SessionId, const shm::SessionEntry& entry) {
        const std::uint64_t role = load(entry.role);
        if (role < of_role.size()) ++of_role[role];
        pins += load(pins_of[static_cast<std::size_t>(&entry - &segment.session(0))]);
        lanes += load(entry.lanes);
        lag = std::max(lag, load(entry.lag));
    });
    writer.family("ringside_sessions", MetricType::gauge, "Open sessions, by role.");
    for (std::size_t role = 0; role < roles.size(); ++role) {
        writer.sample({{"role", roles[role]}}, of_role[role]);
    }
    writer.counter("ringside_sessions_opened_total", "Sessions opened.",
                   load(segment.header().counters.sessions_total));
    writer.gauge("ringside_session_lanes", "Lanes of all sessions.", lanes);
    writer.gauge("ringside_watch_lag_changes",
                 "Number of changes that the slowest watch is behind.", lag);
    writer.gauge("ringside_pins", "Pins that sessions hold: open snapshots, watches and reads.",
                 pins);
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
    writer.gauge("ringside_index_values", "Distinct values in all indexes.", values);
    writer.gauge("ringside_index_postings", "Index entries of records, in all indexes.", postings);
    writer.gauge("ringside_index_bytes", "Memory of all indexes.", bytes);
}

}  // namespace

void write_grid_metrics(MetricsWriter& writer, const std::string& grid,
                        std::vector<MonitoredProcess> processes) {
    const auto opened = shm::Segment::open(grid);
    const bool is_there = opened && is_serving(opened->header());
    writer.gauge("ringside_up", "1 while the grid's broker is running.",
                 std::uint64_t{is_there && is_up(*opened)});
    if (is_there) {
        write_segment_metrics(writer, opened->view());
        write_kafka_metrics(writer, opened->view());
        if (const auto broker = shm::living_broker(*opened))
            processes.push_back({"ringside-broker", static_cast<pid_t>(*broker)});
    }
    write_process_metrics(writer, processes);
}

void write_segment_metrics(MetricsWriter& writer, const shm::SegmentView& segment) {
    write_identity(writer, segment);
    write_memory(writer, segment);
    write_contents(writer, segment);
    write_store(writer, segment);
    write_work(writer, segment);
    write_histograms(writer, segment);
    write_messaging(writer, segment);
    write_sessions(writer, segment);
    write_indexes(writer, segment);
}

}  // namespace ringside::metrics
