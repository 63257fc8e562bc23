#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "tools/ringside/context.hpp"
#include "tools/ringside/offline.hpp"

namespace ringside::tools {

namespace {

/// Runs a scan to its end, whatever its length.
void scan(Context& context, const std::string& pattern,
          const std::function<void(const RecordView&)>& each) {
    const Client client = attach_to_read(context);
    const Snapshot snapshot =
        client.snapshot({.revision = std::nullopt, .lease = std::chrono::hours(1)}).value();
    snapshot
        .scan(pattern,
              [&](const RecordView& record) {
                  each(record);
                  return true;
              })
        .value();
}

void add_get(CLI::App& app, Context& context) {
    struct Arguments {
        std::string name;
        std::string pointer;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("get", "Prints a document, or the value at a JSON Pointer");
    command->add_option("name", arguments->name, "Name of the record")->required();
    command->add_option("pointer", arguments->pointer, "JSON Pointer (RFC 6901)");
    add_offline_flag(*command, context);
    command->footer("Example: ringside get event/42/seat/A12 /price");
    command->callback([&context, arguments] {
        const Pointer pointer = Pointer::parse(arguments->pointer).value();
        const Client client = attach_to_read(context);
        const Snapshot snapshot = client.snapshot().value();
        const RecordView record = snapshot.get(arguments->name).value();
        const auto value = record.document().find(pointer);
        if (!value) throw Exception(Error(Errc::path_not_found, pointer.text()));
        const std::string line = to_json(*value);
        snapshot.check().value();
        print_line(line);
    });
}

void add_ls(CLI::App& app, Context& context) {
    auto pattern = std::make_shared<std::string>("**");
    CLI::App* command = app.add_subcommand("ls", "Prints names, in order");
    command->add_option("pattern", *pattern, "Glob pattern: * one level, ** any levels");
    add_offline_flag(*command, context);
    command->footer("Example: ringside ls 'event/42/**'");
    command->callback([&context, pattern] {
        scan(context, *pattern, [](const RecordView& record) { print_line(record.name()); });
    });
}

void add_scan(CLI::App& app, Context& context) {
    auto pattern = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "scan", "Prints records as JSON Lines, in name order, from one snapshot");
    command->add_option("pattern", *pattern, "Glob pattern: * one level, ** any levels")
        ->required();
    add_offline_flag(*command, context);
    command->footer("Example: ringside scan 'event/*/seat/*'");
    command->callback([&context, pattern] {
        scan(context, *pattern, [](const RecordView& record) {
            std::string line = "{";
            append_member(line, "name", record.name());
            append_member(line, "version", record.version());
            append_member(line, "revision", record.revision());
            append_member(line, "document", record.document());
            print_line(line + "}");
        });
    });
}

void add_dump(CLI::App& app, Context& context) {
    auto pattern = std::make_shared<std::string>("**");
    CLI::App* command = app.add_subcommand(
        "dump", "Prints everything as JSON Lines that `load` can read back, from one snapshot");
    command->add_option("pattern", *pattern, "Glob pattern: * one level, ** any levels");
    add_offline_flag(*command, context);
    command->footer("Example: ringside dump > grid.jsonl");
    command->callback([&context, pattern] {
        const auto now_ms =
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count());
        scan(context, *pattern, [now_ms](const RecordView& record) {
            std::string line = "{";
            append_member(line, "name", record.name());
            if (record.expires_ms() != 0) {
                const std::uint64_t left =
                    record.expires_ms() > now_ms ? record.expires_ms() - now_ms : 1;
                append_member(line, "ttl_ms", left);
            }
            append_member(line, "document", record.document());
            print_line(line + "}");
        });
    });
}

}  // namespace

void add_read_commands(CLI::App& app, Context& context) {
    add_get(app, context);
    add_ls(app, context);
    add_scan(app, context);
    add_dump(app, context);
}

}  // namespace ringside::tools
