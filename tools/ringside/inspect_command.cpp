#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>

#include "shm/base/limits.hpp"
#include "shm/heap/heap.hpp"
#include "shm/index/value_index.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"
#include "shm/version/visibility.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/grid_state.hpp"
#include "tools/ringside/report.hpp"
#include "tools/ringside/top/broker_watch.hpp"

namespace ringside::tools {

namespace {

std::uint64_t load(const shm::Word& word) { return word.load(std::memory_order_relaxed); }
std::uint64_t load(const shm::HalfWord& word) { return word.load(std::memory_order_relaxed); }

struct ClassUse {
    std::uint64_t spans = 0;
    std::uint64_t blocks = 0;
};

struct HeapUse {
    std::vector<ClassUse> classes = std::vector<ClassUse>(shm::Heap::size_classes());
    std::uint64_t large_blocks = 0;
    std::uint64_t large_spans = 0;
    std::uint64_t free_spans = 0;
};

HeapUse heap_use(const shm::SegmentView& segment) {
    HeapUse use;
    const std::uint64_t spans = segment.identity().heap.bytes / shm::span_bytes;
    for (std::uint64_t i = 0; i < spans; ++i) {
        const std::uint16_t held = segment.span(i).size_class.load(std::memory_order_relaxed);
        if (held == 0) {
            ++use.free_spans;
        } else if (held == shm::SpanEntry::large_first || held == shm::SpanEntry::large_rest) {
            ++use.large_spans;
            if (held == shm::SpanEntry::large_first) ++use.large_blocks;
        } else if (held <= use.classes.size()) {
            ++use.classes[held - 1U].spans;
            use.classes[held - 1U].blocks += segment.span(i).used.load(std::memory_order_relaxed);
        }
    }
    return use;
}

/// As `top` reports the broker.
const char* serving_name(const shm::Segment& segment) {
    const BrokerWatch watch(segment);
    if (!has_broker(segment)) return "broker dead";
    return watch.heartbeat_age() > BrokerWatch::heartbeat_age_max ? "stalled" : "serving";
}

const char* state_name(const shm::Segment& segment) {
    switch (static_cast<shm::GridState>(load(segment.view().header().broker.state))) {
        case shm::GridState::creating: return "creating";
        case shm::GridState::serving: return serving_name(segment);
        case shm::GridState::stopped: return "stopped";
        case shm::GridState::abandoned: return "abandoned";
    }
    return "unknown";
}

std::string share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? ""
                      : fmt::format("{:.1f} %",
                                    100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string ago(std::uint64_t ns) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto passed = now - std::chrono::nanoseconds(ns);
    return fmt::format("{:.1f} s ago", std::chrono::duration<double>(passed).count());
}

void report_grid(Report& report, const shm::Segment& opened) {
    const shm::SegmentView& segment = opened.view();
    const shm::Identity& identity = segment.identity();
    const shm::Header& header = segment.header();
    report.section("grid");
    report.fact("name", std::string(identity.grid_name.data()));
    report.fact("state", std::string(state_name(opened)));
    report.fact("broker_pid", load(header.broker.broker_pid));
    report.fact("layout", std::uint64_t{identity.layout});
    report.fact("boot_id", fmt::format("{:016x}", identity.boot_id));
    report.fact("generation", load(header.horizon.generation));
    report.fact("created_ns", identity.created_ns, ago(identity.created_ns));
    const std::uint64_t heartbeat_ns = load(header.broker.heartbeat_ns);
    report.fact("heartbeat_ns", heartbeat_ns, ago(heartbeat_ns));
    report.fact("published", load(header.commit.published));
    const std::uint64_t horizon = load(header.horizon.horizon);
    if (horizon != ~0ULL) report.fact("horizon", horizon);
}

/// Reports the parts of the segment, and how much of each is in use.
void report_regions(Report& report, const shm::SegmentView& segment) {
    const shm::Identity& identity = segment.identity();
    const shm::Counters& counters = segment.header().counters;
    const shm::ChangeRingReader ring(segment);
    std::vector<std::vector<Report::Cell>> rows;
    const auto add = [&](const char* name, const shm::Region& region, std::uint64_t used) {
        rows.push_back(
            {std::string(name), region.offset, region.bytes, used, share(used, region.bytes)});
    };
    add("sessions", identity.sessions, load(counters.sessions_open) * sizeof(shm::SessionEntry));
    add("spans", identity.spans,
        load(counters.heap_bytes_spans) / shm::span_bytes * sizeof(shm::SpanEntry));
    add("ring", identity.ring, (ring.head() - ring.tail()) * sizeof(shm::ChangeEntry));
    add("slots", identity.slots, load(counters.slots_used) * sizeof(shm::Slot));
    add("heap", identity.heap, load(counters.heap_bytes_used));
    report.table("regions", {"region", "offset", "bytes", "used", "full"}, rows);
}

void report_contents(Report& report, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    report.section("memory");
    report.fact("segment_bytes", segment.identity().segment_bytes);
    report.fact("heap_bytes_used", load(counters.heap_bytes_used));
    report.fact("heap_bytes_spans", load(counters.heap_bytes_spans));
    report.fact("retired_blocks", load(counters.retired_blocks));
    report.fact("retired_bytes", load(counters.retired_bytes));
    report.section("records");
    report.fact("records", load(counters.records));
    report.fact("tombstones", load(counters.tombstones));
    report.fact("table_entries", load(counters.table_entries));
    report.fact("table_used", load(counters.table_used),
                share(load(counters.table_used), load(counters.table_entries)));
    const shm::ChangeRingReader ring(segment);
    report.section("ring");
    report.fact("entries", ring.capacity());
    report.fact("head", ring.head());
    report.fact("tail", ring.tail());
    report.fact("retained", ring.head() - ring.tail(),
                share(ring.head() - ring.tail(), ring.capacity()));
    report.fact("tail_revision", load(segment.header().tail.tail_revision));
}

void report_durability(Report& report, const shm::SegmentView& segment) {
    report.section("durability");
    const shm::StoreLine& store = segment.header().store;
    const std::uint64_t durable = load(segment.header().broker.durable);
    const bool has_store = store.is_followed();
    report.fact("store", std::string(has_store ? fmt::format("{:016x}", load(store.id))
                                               : "none (in memory only)"));
    if (has_store) {
        const std::string failure = store.failure();
        report.fact("writes", failure.empty() ? std::string("taken") : "refused: " + failure);
        report.fact("durable", durable,
                    fmt::format("{} behind", load(segment.header().commit.published) - durable));
    }
}

void report_work(Report& report, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    report.section("work");
    report.fact("commits", load(counters.commits));
    report.fact("changes", load(counters.changes));
    report.fact("refused", load(counters.refused));
    report.fact("wakes", load(counters.wakes));
    report.fact("engine_busy_ns", load(counters.busy_ns),
                share(load(counters.busy_ns),
                      load(segment.header().broker.heartbeat_ns) - segment.identity().created_ns));
    report.fact("pins_revoked", load(counters.pins_revoked));
    report.fact("sessions_open", load(counters.sessions_open));
    report.fact("sessions_total", load(counters.sessions_total));
    report.fact("session_bytes", load(counters.session_bytes), "broker memory for sessions");
    report.fact("memory_refusals", load(counters.memory_refusals), "pending requests refused");
    report.fact("memory_closures", load(counters.memory_closures), "sessions closed");
}

void report_refusals(Report& report, const shm::SegmentView& segment) {
    std::vector<std::vector<Report::Cell>> rows;
    const auto& counts = segment.header().counters.refused_by_code;
    for (std::size_t code = 0; code < counts.size(); ++code) {
        if (load(counts[code]) == 0) continue;
        rows.push_back({std::string(name(static_cast<Errc>(code))), load(counts[code])});
    }
    report.table("refusals", {"error", "requests"}, rows);
}

/// Limits whose use changes while the broker runs.
void report_limits(Report& report, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    std::vector<std::vector<Report::Cell>> rows;
    for (std::size_t i = 0; i < shm::limit_kinds; ++i) {
        const auto kind = static_cast<shm::LimitKind>(i);
        const shm::LimitEntry& entry = counters.limit(kind);
        rows.push_back({std::string(shm::name(kind)), load(entry.value), load(entry.in_use),
                        load(entry.refused)});
    }
    const auto refused = [&](Errc code) {
        return load(counters.refused_by_code[static_cast<std::size_t>(code)]);
    };
    const shm::Identity& identity = segment.identity();
    std::uint64_t indexes = 0;
    for (const shm::IndexEntry& entry : segment.header().indexes) {
        if (load(entry.life) != 0) ++indexes;
    }
    rows.push_back({std::string("heap_bytes"), identity.heap.bytes, load(counters.heap_bytes_spans),
                    refused(Errc::grid_full)});
    rows.push_back({std::string("records"), identity.slots.bytes / sizeof(shm::Slot),
                    load(counters.slots_used), refused(Errc::records_limit)});
    rows.push_back({std::string("secondary_indexes"), std::uint64_t{limits::indexes_max}, indexes,
                    refused(Errc::index_limit)});
    report.table("limits", {"limit", "value", "in_use", "refused"}, rows);
}

/// Limits of one request, document or session, with the number of refused requests.
void report_request_limits(Report& report, const shm::SegmentView& segment) {
    struct Limit {
        const char* name;
        std::uint64_t value;
        Errc error;
    };
    const std::uint64_t ring_entries = segment.identity().ring_entries;
    const Limit fixed[] = {
        {"name_bytes", limits::name_bytes_max, Errc::name_too_long},
        {"pattern_bytes", limits::pattern_bytes_max, Errc::bad_pattern},
        {"pointer_bytes", limits::pointer_bytes_max, Errc::bad_pointer},
        {"key_bytes", limits::key_bytes_max, Errc::key_too_long},
        {"document_depth", limits::depth_max, Errc::too_deep},
        {"document_bytes", limits::document_bytes_max, Errc::document_too_large},
        {"patch_operations", limits::patch_operations_max, Errc::bad_patch},
        {"patch_steps", limits::patch_steps_max, Errc::patch_too_costly},
        {"ttl_ms", limits::ttl_ms_max, Errc::bad_ttl},
        {"call_ms", limits::call_ms_max, Errc::bad_timeout},
        {"message_bytes", limits::message_bytes_max, Errc::transaction_too_large},
        {"transaction_changes", ring_entries / limits::ring_share_per_transaction,
         Errc::transaction_too_large},
        {"user_bytes", limits::user_bytes_max - 1, Errc::bad_user},
        {"session_lanes", limits::lanes_per_session_max, Errc::lane_limit},
        {"session_pins", limits::pins_per_session_max, Errc::lane_limit},
        {"session_declarations", limits::declarations_per_session_max, Errc::lane_limit},
        {"lane_calls", limits::calls_per_lane_max, Errc::would_block},
        {"session_call_bytes", limits::calls_bytes_max, Errc::would_block},
        {"lane_undelivered_bytes", limits::undelivered_bytes_max, Errc::would_block},
        {"pin_lease_ms", limits::pin_lease_ms_max, Errc::snapshot_expired},
    };
    std::vector<std::vector<Report::Cell>> rows;
    for (const Limit& limit : fixed) {
        const auto code = static_cast<std::size_t>(limit.error);
        rows.push_back({std::string(limit.name), limit.value, std::string(name(limit.error)),
                        load(segment.header().counters.refused_by_code[code])});
    }
    report.table("request_limits", {"limit", "value", "error", "refused"}, rows);
}

void report_messaging(Report& report, const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    report.section("messaging");
    report.fact("events", load(counters.events));
    report.fact("calls", load(counters.calls));
    report.fact("calls_under_way", load(counters.calls_under_way));
    report.fact("answers_late", load(counters.answers_late), "dropped because no caller waited");
    report.fact("providers", load(counters.providers));
    report.fact("listeners", load(counters.listeners));
    report.fact("subjects_provided", load(counters.subjects_provided));
}

void report_indexes(Report& report, const shm::SegmentView& segment) {
    std::vector<std::vector<Report::Cell>> rows;
    for (const shm::IndexEntry& entry : segment.header().indexes) {
        if (load(entry.life) == 0) continue;
        const shm::VersionBlock* record =
            shm::newest_of(segment, RecordId{static_cast<std::uint32_t>(load(entry.record))});
        const Value definition = record == nullptr ? Value() : Value::of(record->document());
        rows.push_back({std::string(definition["pattern"].as_string().value_or("")),
                        std::string(definition["pointer"].as_string().value_or("")),
                        std::string(shm::name(static_cast<shm::IndexState>(load(entry.state)))),
                        load(entry.values), load(entry.postings), load(entry.bytes)});
    }
    report.table("indexes", {"pattern", "pointer", "state", "values", "records", "bytes"}, rows);
}

void report_heap(Report& report, const shm::SegmentView& segment) {
    const HeapUse use = heap_use(segment);
    std::vector<std::vector<Report::Cell>> rows;
    for (std::size_t i = 0; i < use.classes.size(); ++i) {
        const ClassUse& one = use.classes[i];
        if (one.spans == 0) continue;
        const std::uint64_t room = one.spans * (shm::span_bytes / shm::Heap::class_bytes(i));
        rows.push_back({std::uint64_t{shm::Heap::class_bytes(i)}, one.spans, one.blocks,
                        share(one.blocks, room)});
    }
    if (use.large_spans > 0) {
        rows.push_back({std::string("large"), use.large_spans, use.large_blocks, std::string()});
    }
    rows.push_back({std::string("free"), use.free_spans, std::uint64_t{0}, std::string()});
    report.table("heap", {"block_bytes", "spans", "blocks", "full"}, rows);
}

void report_sessions(Report& report, const shm::SegmentView& segment) {
    std::vector<std::vector<Report::Cell>> rows;
    for_each_session(segment, [&](SessionId id, const shm::SessionEntry& entry) {
        rows.push_back({std::uint64_t{id}, pid_cell(load(entry.pid)), load(entry.uid),
                        std::string(role_name(load(entry.role))), load(entry.lanes),
                        load(entry.requests), load(entry.lag), std::string(entry.name.data())});
    });
    report.table("sessions",
                 {"session", "pid", "uid", "role", "lanes", "requests", "lag", "program"}, rows);
}

}  // namespace

void add_inspect_command(CLI::App& app, Context& context) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "inspect", "Show segment statistics (also works when the broker is down)");
    command->add_flag("--json", *json, "Print one JSON object");
    command->footer("Example: ringside -g onsale inspect");
    command->callback([&context, json] {
        const shm::Segment segment = shm::Segment::open(context.grid).value();
        Report report(*json);
        report_grid(report, segment);
        report_regions(report, segment.view());
        report_contents(report, segment.view());
        report_durability(report, segment.view());
        report_work(report, segment.view());
        report_limits(report, segment.view());
        report_request_limits(report, segment.view());
        report_refusals(report, segment.view());
        report_messaging(report, segment.view());
        report_indexes(report, segment.view());
        report_heap(report, segment.view());
        report_sessions(report, segment.view());
        report.print();
    });
}

}  // namespace ringside::tools
