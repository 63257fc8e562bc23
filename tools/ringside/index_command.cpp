#include <CLI/CLI.hpp>
#include <memory>

#include "tools/ringside/context.hpp"
#include "tools/ringside/report.hpp"

namespace ringside::tools {

namespace {

struct IndexArguments {
    std::string pattern;
    std::string pointer;
};

using Change = Result<WriteResult> (Client::*)(std::string_view, std::string_view);

void add_change(CLI::App& index, Context& context, const std::string& name, const std::string& what,
                Change change) {
    auto arguments = std::make_shared<IndexArguments>();
    CLI::App* command = index.add_subcommand(name, what);
    command->add_option("pattern", arguments->pattern, "Glob pattern of record names")->required();
    command->add_option("pointer", arguments->pointer, "JSON Pointer of the indexed value")
        ->required();
    command->footer("Example: ringside index " + name + " 'event/*/seat/*' /status");
    command->callback([&context, arguments, change] {
        Client client = context.attach();
        const WriteResult result = (client.*change)(arguments->pattern, arguments->pointer).value();
        std::string line = "{";
        append_member(line, "revision", result.revision);
        print_line(line + "}");
    });
}

void print_indexes(const Context& context, bool json) {
    const Client client = context.attach();
    std::vector<std::vector<Report::Cell>> rows;
    for (const IndexInfo& index : client.indexes().value()) {
        rows.push_back({index.pattern, index.pointer, std::string(name(index.state)),
                        index.ready_from, index.values, index.records, index.bytes});
    }
    Report report(json);
    report.table("indexes",
                 {"pattern", "pointer", "state", "ready_from", "values", "records", "bytes"}, rows);
    report.print();
}

}  // namespace

void add_index_command(CLI::App& app, Context& context) {
    CLI::App* index = app.add_subcommand("index", "Add, remove and list secondary indexes (admin)");
    index->require_subcommand(1);
    index->footer(
        "A query on an indexed value reads only matching records. Building an index does not\n"
        "block writers. An index exists until it is removed.");
    add_change(*index, context, "add", "Add an index on a value", &Client::add_index);
    add_change(*index, context, "remove", "Remove an index", &Client::remove_index);
    auto json = std::make_shared<bool>(false);
    CLI::App* list = index->add_subcommand("list", "List indexes and their state");
    list->add_flag("--json", *json, "Print one JSON object");
    list->footer("Example: ringside index list");
    list->callback([&context, json] { print_indexes(context, *json); });
}

}  // namespace ringside::tools
