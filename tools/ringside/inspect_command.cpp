#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <memory>

#include "shm/base/descriptor.hpp"
#include "shm/heap/heap.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

std::uint64_t load(const shm::Word& word) { return word.load(std::memory_order_relaxed); }
std::uint64_t load(const shm::HalfWord& word) { return word.load(std::memory_order_relaxed); }

/// Whether a process holds the grid's lock: the kernel lets go of a dead owner's.
bool has_broker(const std::string& grid) {
    const Descriptor file(
        open(shm::GridPaths::of(grid).value().lock_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return false;
    return flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

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

const char* role_name(std::uint64_t role) {
    switch (static_cast<shm::Role>(role)) {
        case shm::Role::none: return "none";
        case shm::Role::reader: return "reader";
        case shm::Role::writer: return "writer";
        case shm::Role::provider: return "provider";
        case shm::Role::admin: return "admin";
    }
    return "unknown";
}

const char* state_name(const shm::SegmentView& segment, bool is_alive) {
    switch (static_cast<shm::GridState>(load(segment.header().broker.state))) {
        case shm::GridState::creating: return "creating";
        case shm::GridState::serving: return is_alive ? "serving" : "broker dead";
        case shm::GridState::stopped: return "stopped";
        case shm::GridState::abandoned: return "abandoned";
    }
    return "unknown";
}

/// Writes the same facts as text for people or as one JSON object.
class Report {
public:
    explicit Report(bool json) : json_(json) {}

    void section(const std::string& title) {
        if (json_) {
            close();
            out_ += (out_.empty() ? "{" : ",");
            out_ += '"' + title + "\":{";
            is_open_ = true;
        } else {
            out_ += (out_.empty() ? "" : "\n") + title + '\n';
        }
    }
    void number(const std::string& key, std::uint64_t value, const std::string& note = "") {
        if (json_) append_member(out_, key, value);
        else out_ += fmt::format("  {:<22} {:>16}  {}\n", key, value, note);
    }
    void text(const std::string& key, const std::string& value) {
        if (json_) append_member(out_, key, std::string_view(value));
        else out_ += fmt::format("  {:<22} {:>16}\n", key, value);
    }
    /// A list: rows of equal columns.
    void rows(const std::string& title, const std::vector<std::string>& columns,
              const std::vector<std::vector<std::string>>& rows) {
        if (json_) {
            close();
            out_ += ",\"" + title + "\":[";
            for (std::size_t r = 0; r < rows.size(); ++r) {
                std::string row = "{";
                for (std::size_t c = 0; c < columns.size(); ++c) {
                    append_member(row, columns[c], std::string_view(rows[r][c]));
                }
                out_ += (r == 0 ? "" : ",") + row + "}";
            }
            out_ += ']';
            return;
        }
        out_ += '\n' + title + "\n ";
        for (const std::string& column : columns) out_ += fmt::format(" {:>12}", column);
        out_ += '\n';
        for (const auto& row : rows) {
            out_ += ' ';
            for (const std::string& cell : row) out_ += fmt::format(" {:>12}", cell);
            out_ += '\n';
        }
    }
    void print() {
        if (json_) {
            close();
            out_ += '}';
        } else if (!out_.empty()) {
            out_.pop_back();
        }
        print_line(out_);
    }

private:
    void close() {
        if (is_open_) out_ += '}';
        is_open_ = false;
    }
    bool json_;
    bool is_open_ = false;
    std::string out_;
};

std::string share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? ""
                      : fmt::format("{:.1f} %",
                                    100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void report_grid(Report& report, const shm::SegmentView& segment, bool is_alive) {
    const shm::Identity& identity = segment.identity();
    const shm::Header& header = segment.header();
    report.section("grid");
    report.text("name", identity.grid_name.data());
    report.text("state", state_name(segment, is_alive));
    report.number("broker_pid", load(header.broker.broker_pid));
    report.number("layout", identity.layout);
    report.text("boot_id", fmt::format("{:016x}", identity.boot_id));
    report.number("generation", load(header.broker.generation));
    report.number("created_ns", identity.created_ns);
    report.number("heartbeat_ns", load(header.broker.heartbeat_ns));
    report.number("published", load(header.commit.published));
    const std::uint64_t horizon = load(header.horizon.horizon);
    if (horizon != ~0ULL) report.number("horizon", horizon);
}

void report_memory(Report& report, const shm::SegmentView& segment) {
    const shm::Identity& identity = segment.identity();
    const shm::Counters& counters = segment.header().counters;
    report.section("memory");
    report.number("segment_bytes", identity.segment_bytes);
    report.number("heap_bytes", identity.heap.bytes);
    report.number("heap_bytes_used", load(counters.heap_bytes_used),
                  share(load(counters.heap_bytes_used), identity.heap.bytes));
    report.number("heap_bytes_spans", load(counters.heap_bytes_spans),
                  share(load(counters.heap_bytes_spans), identity.heap.bytes));
    report.number("retired_blocks", load(counters.retired_blocks));
    report.number("retired_bytes", load(counters.retired_bytes));
    report.section("records");
    report.number("records", load(counters.records));
    report.number("tombstones", load(counters.tombstones));
    report.number("table_entries", load(counters.table_entries));
    report.number("table_used", load(counters.table_used),
                  share(load(counters.table_used), load(counters.table_entries)));
    report.number("slots", identity.slots.bytes / sizeof(shm::Slot));
    report.number("slots_used", load(counters.slots_used));
    const shm::ChangeRingReader ring(segment);
    report.section("ring");
    report.number("entries", ring.capacity());
    report.number("head", ring.head());
    report.number("tail", ring.tail());
    report.number("retained", ring.head() - ring.tail(),
                  share(ring.head() - ring.tail(), ring.capacity()));
    report.number("tail_revision", load(segment.header().tail.tail_revision));
    report.section("work");
    report.number("commits", load(counters.commits));
    report.number("changes", load(counters.changes));
    report.number("refused", load(counters.refused));
    report.number("wakes", load(counters.wakes));
    report.number("engine_busy_ns", load(counters.busy_ns));
    report.number("pins_revoked", load(counters.pins_revoked));
    report.number("sessions_open", load(counters.sessions_open));
    report.number("sessions_total", load(counters.sessions_total));
}

void report_heap(Report& report, const shm::SegmentView& segment) {
    const HeapUse use = heap_use(segment);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < use.classes.size(); ++i) {
        const ClassUse& one = use.classes[i];
        if (one.spans == 0) continue;
        const std::uint64_t room = one.spans * (shm::span_bytes / shm::Heap::class_bytes(i));
        rows.push_back({std::to_string(shm::Heap::class_bytes(i)), std::to_string(one.spans),
                        std::to_string(one.blocks), share(one.blocks, room)});
    }
    if (use.large_spans > 0) {
        rows.push_back(
            {"large", std::to_string(use.large_spans), std::to_string(use.large_blocks), ""});
    }
    rows.push_back({"free", std::to_string(use.free_spans), "", ""});
    report.rows("heap", {"block_bytes", "spans", "blocks", "full"}, rows);
}

void report_sessions(Report& report, const shm::SegmentView& segment) {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < limits::sessions_max; ++i) {
        const shm::SessionEntry& entry = segment.session(i);
        // acquire: pairs with the engine's release; the rest of the entry is written.
        const std::uint32_t id = entry.id.load(std::memory_order_acquire);
        if (id == 0) continue;
        rows.push_back({std::to_string(id), std::to_string(load(entry.pid)),
                        std::to_string(load(entry.uid)), role_name(load(entry.role)),
                        std::to_string(load(entry.lanes)), std::to_string(load(entry.requests)),
                        std::to_string(load(entry.lag)), entry.name.data()});
    }
    report.rows("sessions",
                {"session", "pid", "uid", "role", "lanes", "requests", "lag", "program"}, rows);
}

}  // namespace

void add_inspect_command(CLI::App& app, Context& context) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "inspect",
        "Shows the segment: memory, records, ring, heap, sessions; of a dead broker, too");
    command->add_flag("--json", *json, "As one JSON object");
    command->footer("Example: ringside -g onsale inspect");
    command->callback([&context, json] {
        const shm::Segment segment = shm::Segment::open(context.grid).value();
        Report report(*json);
        report_grid(report, segment.view(), has_broker(context.grid));
        report_memory(report, segment.view());
        report_heap(report, segment.view());
        report_sessions(report, segment.view());
        report.print();
    });
}

}  // namespace ringside::tools
