#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "shm/base/option_number.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/offline.hpp"
#include "tools/ringside/writer_text.hpp"

namespace ringside::tools {

namespace {

/// The arguments of the commands that read many records.
struct ScanArguments {
    std::string pattern = "**";
    std::optional<Revision> at;
    bool is_long = false;  ///< with the writers of the records
};

void add_revision(CLI::App& command, std::optional<Revision>& at) {
    command.add_option("--at", at, "Revision to read, if still retained (default: the newest)")
        ->check(whole_number());
}

/// Reads all matching records of one snapshot.
void scan(const Context& context, const ScanArguments& arguments,
          const std::function<void(const RecordView&, RecordWriters*)>& each) {
    const Client client = attach_to_read(context);
    const Snapshot snapshot =
        client.snapshot({.revision = arguments.at, .lease = std::chrono::hours(1)}).value();
    std::optional<RecordWriters> writers;
    if (arguments.is_long) writers.emplace(client.record_writers(snapshot).value());
    snapshot
        .scan(arguments.pattern,
              [&](const RecordView& record) {
                  each(record, writers ? &*writers : nullptr);
                  return true;
              })
        .value();
}

struct GetArguments {
    std::string name;
    std::string pointer;
    std::optional<Revision> at;
};

std::string text_at(const Value& document, const JsonPointer& pointer) {
    const auto value = document.find(pointer);
    if (!value) throw Exception(Error(Errc::path_not_found, pointer.text()));
    return to_json(*value);
}

void get(const Context& context, const GetArguments& arguments) {
    const JsonPointer pointer = JsonPointer::parse(arguments.pointer).value();
    const Client client = attach_to_read(context);
    const Snapshot snapshot = client.snapshot({.revision = arguments.at}).value();
    const std::string line = text_at(snapshot.get(arguments.name).value().document(), pointer);
    snapshot.check().value();
    print_data(line);
}

void add_get(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<GetArguments>();
    CLI::App* command =
        app.add_subcommand("get", "Print a document or the value at a JSON Pointer");
    command->add_option("name", arguments->name, "Record name")->required();
    command->add_option("pointer", arguments->pointer, "JSON Pointer (RFC 6901)");
    add_revision(*command, arguments->at);
    add_offline_flag(*command, context);
    command->footer("Example: ringside get event/42/seat/A12 /price");
    command->callback([&context, arguments] { get(context, *arguments); });
}

void add_ls(CLI::App& app, Context& context) {
    struct Arguments {
        ScanArguments scan;
        bool is_null_separated = false;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("ls", "List record names, sorted");
    command->add_option("pattern", arguments->scan.pattern,
                        "Glob pattern: * matches within a level, ** any number of levels");
    command->add_flag("-0,--null", arguments->is_null_separated,
                      "Print unquoted names, each followed by NUL, for xargs -0");
    add_revision(*command, arguments->scan.at);
    add_offline_flag(*command, context);
    command->footer(
        "A name is printed as a JSON string if it contains characters that control the writing\n"
        "direction or starts with \".\n"
        "Example: ringside ls 'event/42/**'");
    command->callback([&context, arguments] {
        scan(context, arguments->scan, [&](const RecordView& record, RecordWriters*) {
            if (!arguments->is_null_separated) return print_line(name_line(record.name()));
            write_output(record.name());
            write_output(std::string_view("\0", 1));
        });
    });
}

void add_scan(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<ScanArguments>();
    CLI::App* command =
        app.add_subcommand("scan", "Print records of one snapshot as JSON Lines, sorted by name");
    command
        ->add_option("pattern", arguments->pattern,
                     "Glob pattern: * matches within a level, ** any number of levels")
        ->required();
    add_revision(*command, arguments->at);
    command->add_flag("-l,--long", arguments->is_long,
                      "Also the time of the last change and who made it (null: not retained)");
    add_offline_flag(*command, context);
    command->footer("Example: ringside scan 'event/*/seat/*'");
    command->callback([&context, arguments] {
        scan(context, *arguments, [](const RecordView& record, RecordWriters* writers) {
            std::string line = "{";
            append_member(line, "name", record.name());
            append_member(line, "version", record.version());
            append_member(line, "revision", record.revision());
            if (writers != nullptr) {
                append_time(line, record.updated_ns());
                append_writer(line, writers->writer_of(record));
            }
            append_member(line, "document", record.document());
            print_data(line + "}");
        });
    });
}

void dump(const Context& context, const ScanArguments& arguments) {
    const auto now_ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
    scan(context, arguments, [now_ms](const RecordView& record, RecordWriters*) {
        std::string line = "{";
        append_member(line, "name", record.name());
        if (record.expires_ms() != 0) {
            const std::uint64_t left =
                record.expires_ms() > now_ms ? record.expires_ms() - now_ms : 1;
            append_member(line, "ttl_ms", left);
        }
        append_member(line, "document", record.document());
        print_data(line + "}");
    });
}

void add_dump(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<ScanArguments>();
    CLI::App* command =
        app.add_subcommand("dump", "Print all records of one snapshot as JSON Lines for `load`");
    command->add_option("pattern", arguments->pattern,
                        "Glob pattern: * matches within a level, ** any number of levels");
    add_revision(*command, arguments->at);
    add_offline_flag(*command, context);
    command->footer("Example: ringside dump > grid.jsonl");
    command->callback([&context, arguments] { dump(context, *arguments); });
}

}  // namespace

void add_read_commands(CLI::App& app, Context& context) {
    add_get(app, context);
    add_ls(app, context);
    add_scan(app, context);
    add_dump(app, context);
}

}  // namespace ringside::tools
