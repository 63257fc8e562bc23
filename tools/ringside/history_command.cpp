#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "shm/base/option_number.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/offline.hpp"
#include "tools/ringside/report.hpp"
#include "tools/ringside/writer_text.hpp"

namespace ringside::tools {

namespace {

struct HistoryArguments {
    std::string name;
    std::size_t count = 0;
    bool json = false;
};

std::string history_as_json(const std::string& record, const History& history) {
    std::string versions;
    for (const HistoryVersion& one : history.versions()) {
        std::string line = "{";
        append_member(line, "revision", one.record.revision());
        append_member(line, "version", one.record.version());
        append_time(line, one.record.updated_ns());
        if (one.kind) append_member(line, "kind", name(*one.kind));
        else line += ",\"kind\":null";
        if (one.position) append_member(line, "position", *one.position);
        else line += ",\"position\":null";
        append_writer(line, one.writer ? &*one.writer : nullptr);
        versions += (versions.empty() ? "" : ",") + line + "}";
    }
    std::string all = "{";
    append_member(all, "name", std::string_view(record));
    all += ",\"versions\":[" + versions + "]";
    all += history.has_more() ? ",\"has_more\":true" : ",\"has_more\":false";
    append_member(all, "retained_from", history.retained_from());
    append_member(all, "began_at", history.began_at());
    return all + "}";
}

std::vector<Report::Cell> row_of(const HistoryVersion& one) {
    using Cell = Report::Cell;
    const Cell none(std::string("-"));
    std::vector<Cell> row{one.record.revision(), one.record.version(),
                          time_text(one.record.updated_ns()),
                          one.kind ? Cell(std::string(name(*one.kind))) : none,
                          one.position ? Cell(*one.position) : none};
    if (!one.writer) {
        row.insert(row.end(), 5, none);
        return row;
    }
    const Writer& writer = *one.writer;
    const bool has_process = writer.is_known && !writer.is_broker();
    row.emplace_back(std::uint64_t{writer.session});
    row.push_back(has_process && writer.pid != 0 ? Cell(std::uint64_t{writer.pid}) : none);
    row.push_back(has_process ? Cell(std::uint64_t{writer.uid}) : none);
    row.push_back(writer.user.empty() ? none : Cell(writer.user));
    std::string program = writer.is_known ? writer.program : "no longer known";
    if (writer.is_known && writer.has_ended) program += " (ended)";
    row.emplace_back(std::move(program));
    return row;
}

/// Prints what the table does not show, and why.
void print_limits(const History& history, const HistoryArguments& arguments) {
    if (history.has_more()) {
        print_line(
            fmt::format("Older versions are retained: --count {} omits them.", arguments.count));
    }
    const Revision from = history.retained_from();
    if (from > history.began_at()) {
        print_line(fmt::format(
            "Changes up to revision {} are not retained, only the resulting state.", from));
    }
    if (history.began_at() > 0) {
        print_line(
            fmt::format("The grid was rebuilt from its store at revision {}, which discarded all "
                        "earlier changes.",
                        history.began_at()));
    }
    print_line(
        "A restart from the store discards versions and writers; a take-over of the segment keeps "
        "them.");
}

void print_history(const Context& context, const HistoryArguments& arguments) {
    const Client client = attach_to_read(context);
    const History history = client
                                .history(arguments.name, {.versions_max = arguments.count,
                                                          .lease = std::chrono::hours(1)})
                                .value();
    if (arguments.json) {
        const std::string text = history_as_json(arguments.name, history);
        history.check().value();
        return print_data(text);
    }
    std::vector<std::vector<Report::Cell>> rows;
    for (const HistoryVersion& one : history.versions()) rows.push_back(row_of(one));
    history.check().value();
    Report report(false);
    report.table("versions of " + name_line(arguments.name),
                 {"revision", "version", "time", "kind", "position", "session", "pid", "uid",
                  "user", "program"},
                 rows);
    report.print();
    print_line("");
    print_limits(history, arguments);
}

}  // namespace

void add_history_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<HistoryArguments>();
    CLI::App* command = app.add_subcommand(
        "history", "Show the retained versions of a record, and who wrote each of them");
    command->add_option("name", arguments->name, "Name of the record")->required();
    command->add_option("--count", arguments->count, "Only the newest N versions")
        ->check(whole_number(1));
    command->add_flag("--json", arguments->json, "Print one JSON object");
    add_offline_flag(*command, context);
    command->footer(
        "The newest version comes first. `position` is the place in the change ring. A version\n"
        "that the ring no longer has shows neither kind nor writer. `get NAME --at REVISION`\n"
        "prints the document of a version.\n"
        "Example: ringside history event/42/seat/A12");
    command->callback([&context, arguments] { print_history(context, *arguments); });
}

}  // namespace ringside::tools
