#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>

#include "shm/name/system_name.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/grid_state.hpp"
#include "tools/ringside/report.hpp"

namespace ringside::tools {

namespace {

using Rows = std::vector<std::vector<Report::Cell>>;

std::uint64_t number_of(const Value& value) {
    return static_cast<std::uint64_t>(value.as_int64().value_or(0));
}

std::string text_of(const Value& value) { return std::string(value.as_string().value_or("")); }

/// What a session's entry in the segment says beyond its record.
struct Activity {
    std::uint64_t lanes = 0;
    std::uint64_t requests = 0;
    std::uint64_t lag = 0;
};

std::map<SessionId, Activity> activity_by_session(const std::string& grid) {
    const shm::Segment segment = shm::Segment::open(grid).value();
    std::map<SessionId, Activity> sessions;
    for_each_session(segment.view(), [&](SessionId id, const shm::SessionEntry& entry) {
        const auto load = [](const auto& word) { return word.load(std::memory_order_relaxed); };
        sessions[id] = {load(entry.lanes), load(entry.requests), load(entry.lag)};
    });
    return sessions;
}

std::uint64_t seconds_since(std::uint64_t unix_ms) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto passed =
        std::chrono::duration_cast<std::chrono::seconds>(now - std::chrono::milliseconds(unix_ms));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(passed.count(), 0));
}

SessionId session_of(std::string_view record_name) {
    return static_cast<SessionId>(
        std::stoul(std::string(record_name.substr(record_name.rfind('/') + 1))));
}

Result<void> scan(const Snapshot& snapshot, std::string_view pattern,
                  const std::function<void(const RecordView&)>& each) {
    return snapshot.scan(pattern, [&](const RecordView& record) {
        each(record);
        return true;
    });
}

void print_sessions(const Context& context, bool json) {
    const Client client = context.attach();
    auto activity = activity_by_session(context.grid);
    Rows rows;
    scan(client.snapshot().value(), "$sys/session/*", [&](const RecordView& record) {
        const SessionId id = session_of(record.name());
        const Value session = record.document();
        const Activity& now = activity[id];
        rows.push_back(
            {std::uint64_t{id}, pid_cell(number_of(session["pid"])), number_of(session["uid"]),
             text_of(session["user"]), text_of(session["role"]), now.lanes, now.requests, now.lag,
             seconds_since(number_of(session["opened_ms"])), text_of(session["program"])});
    }).value();
    Report report(json);
    report.table(
        "sessions",
        {"session", "pid", "uid", "user", "role", "lanes", "requests", "lag", "age_s", "program"},
        rows);
    report.print();
}

/// Who stands behind a declaration.
struct Peer {
    std::uint64_t pid = 0;
    std::string program;
};

/// Prints who provides what, as of one revision.
class ProvidersReport {
public:
    ProvidersReport(const Snapshot& snapshot, bool json) : snapshot_(snapshot), report_(json) {
        scan(snapshot_, "$sys/session/*", [&](const RecordView& record) {
            const Value session = record.document();
            peers_[session_of(record.name())] = {number_of(session["pid"]),
                                                 text_of(session["program"])};
        }).value();
    }

    /// `what_of` gives the name or pattern that a record is about.
    void add(const std::string& title, const std::string& column, std::string_view pattern,
             const std::function<std::string(const RecordView&)>& what_of) {
        Rows rows;
        scan(snapshot_, pattern, [&](const RecordView& record) {
            const std::uint64_t session = number_of(record.document()["session"]);
            const Peer& peer = peers_[static_cast<SessionId>(session)];
            rows.push_back({session, number_of(record.document()["lane"]), pid_cell(peer.pid),
                            peer.program, what_of(record)});
        }).value();
        report_.table(title, {"session", "lane", "pid", "program", column}, rows);
    }

    void print() { report_.print(); }

private:
    const Snapshot& snapshot_;
    Report report_;
    std::map<SessionId, Peer> peers_;
};

void print_providers(const Context& context, bool json) {
    const Client client = context.attach();
    const Snapshot snapshot = client.snapshot().value();
    const auto pattern_of = [](const RecordView& record) {
        return text_of(record.document()["pattern"]);
    };
    ProvidersReport report(snapshot, json);
    report.add("providers", "calls", "$sys/rpc/**", pattern_of);
    report.add("listeners", "listens", "$sys/listen/**", pattern_of);
    report.add("provided", "subject", "$sys/provided/**", [](const RecordView& record) {
        return std::string(system_name::subject_of(record.name()).value_or(""));
    });
    report.print();
}

void add_command(CLI::App& app, Context& context, const std::string& name, const std::string& what,
                 const std::string& footer, void (*print)(const Context&, bool)) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(name, what);
    command->add_flag("--json", *json, "As one JSON object");
    command->footer(footer);
    command->callback([&context, json, print] { print(context, *json); });
}

}  // namespace

void add_session_commands(CLI::App& app, Context& context) {
    add_command(app, context, "sessions", "Shows who is attached",
                "From the records `$sys/session/*`, which can be read and watched as any others.\n"
                "Example: ringside sessions",
                print_sessions);
    add_command(app, context, "providers",
                "Shows who answers which calls, who listens for what, and who provides what",
                "From the records below `$sys/rpc`, `$sys/listen` and `$sys/provided`.\n"
                "Example: ringside providers --json",
                print_providers);
}

}  // namespace ringside::tools
