#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <memory>

#include "shm/base/option_number.hpp"
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

std::string program_of(const shm::SessionEntry& entry) {
    return {entry.name.begin(), std::find(entry.name.begin(), entry.name.end(), '\0')};
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
    std::map<SessionId, std::string> users;
    scan(client.snapshot().value(), "$sys/session/*", [&](const RecordView& record) {
        users[session_of(record.name())] = text_of(record.document()["user"]);
    }).value();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    std::map<SessionId, std::vector<Report::Cell>> row_of;
    for_each_session(segment.view(), [&](SessionId id, const shm::SessionEntry& entry) {
        const auto load = [](const auto& word) {
            return std::uint64_t{word.load(std::memory_order_relaxed)};
        };
        row_of[id] = {std::uint64_t{id},
                      pid_cell(load(entry.pid)),
                      load(entry.uid),
                      users[id],
                      std::string(role_name(load(entry.role))),
                      load(entry.lanes),
                      load(entry.requests),
                      load(entry.lag),
                      seconds_since(load(entry.opened_ns) / 1'000'000),
                      program_of(entry)};
    });
    Rows rows;
    for (auto& [id, row] : row_of) rows.push_back(std::move(row));
    Report report(json);
    report.table(
        "sessions",
        {"session", "pid", "uid", "user", "role", "lanes", "requests", "lag", "age_s", "program"},
        rows);
    report.print();
}

/// The owner of a declaration.
struct Peer {
    std::uint64_t pid = 0;
    std::string program;
};

/// Prints the providers at one revision.
class ProvidersReport {
public:
    ProvidersReport(const Snapshot& snapshot, bool json) : snapshot_(snapshot), report_(json) {
        scan(snapshot_, "$sys/session/*", [&](const RecordView& record) {
            const Value session = record.document();
            peers_[session_of(record.name())] = {number_of(session["pid"]),
                                                 text_of(session["program"])};
        }).value();
    }

    /// `what_of` returns the name or pattern of a record.
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

void close_session(const Context& context, SessionId session) {
    context.attach().close_session(session).value();
    std::string line = "{";
    append_member(line, "closed", std::uint64_t{session});
    print_line(line + "}");
}

void add_sessions(CLI::App& app, Context& context) {
    struct Arguments {
        bool json = false;
        SessionId closed = 0;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("sessions", "List attached processes, or close a session");
    auto* json = command->add_flag("--json", arguments->json, "Print one JSON object");
    auto* kill = command->add_option("--kill", arguments->closed,
                                     "Close this session: its pins are released (admin)");
    kill->check(whole_number(1, std::numeric_limits<SessionId>::max()))->excludes(json);
    command->footer(
        "The records `$sys/session/*` hold the same for sessions that declare something or are\n"
        "older than two seconds. Read and watch them like other records.\n"
        "A process whose session was closed is not ended. Its client library opens a new session\n"
        "with its next call.\n"
        "Example: ringside sessions\n"
        "Example: ringside sessions --kill 17");
    command->callback([&context, arguments] {
        if (arguments->closed != 0) close_session(context, arguments->closed);
        else print_sessions(context, arguments->json);
    });
}

void add_providers(CLI::App& app, Context& context) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "providers", "List providers of calls, listeners, and the names that they provide");
    command->add_flag("--json", *json, "Print one JSON object");
    command->footer(
        "Reads the records below `$sys/rpc`, `$sys/listen` and `$sys/provided`.\n"
        "Example: ringside providers --json");
    command->callback([&context, json] { print_providers(context, *json); });
}

}  // namespace

void add_session_commands(CLI::App& app, Context& context) {
    add_sessions(app, context);
    add_providers(app, context);
}

}  // namespace ringside::tools
