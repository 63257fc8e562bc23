#include <CLI/CLI.hpp>
#include <memory>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

/// The conditions and terms of a write.
struct WriteTerms {
    std::uint64_t if_version = 0;
    std::uint64_t if_revision = 0;
    bool if_absent = false;
    std::string ttl;
    bool durable = false;
    CLI::Option* version_option = nullptr;
    CLI::Option* revision_option = nullptr;

    void add_to(CLI::App& command, bool has_ttl) {
        version_option = command.add_option("--if-version", if_version,
                                            "Write only if the record has this version");
        revision_option = command.add_option(
            "--if-revision", if_revision, "Write only if the record last changed at this revision");
        auto* absent =
            command.add_flag("--if-absent", if_absent, "Write only if the record does not exist");
        version_option->excludes(absent)->excludes(revision_option);
        revision_option->excludes(absent);
        if (has_ttl) command.add_option("--ttl", ttl, "Time to live: 500ms, 30s, 5m, 2h, 1d");
        command.add_flag("--durable", durable, "Wait until the change is on disk");
    }

    [[nodiscard]] bool has_condition() const {
        return if_absent || version_option->count() > 0 || revision_option->count() > 0;
    }

    /// Throws ringside::Exception (bad_ttl).
    [[nodiscard]] WriteOptions options() const {
        WriteOptions options;
        if (if_absent) options.condition = Condition::is_absent();
        if (version_option->count() > 0) options.condition = Condition::version_is(if_version);
        if (revision_option->count() > 0) options.condition = Condition::revision_is(if_revision);
        if (durable) options.grade = Grade::durable;
        if (!ttl.empty()) options.ttl = parse_duration("--ttl", ttl, Errc::bad_ttl);
        return options;
    }
};

void print_result(const WriteResult& result) {
    std::string line = "{";
    append_member(line, "revision", result.revision);
    append_member(line, "version", result.version);
    print_line(line + "}");
}

void add_put(CLI::App& app, Context& context, const std::string& name, const std::string& what,
             const std::string& example,
             Result<WriteResult> (*write)(Client&, const std::string& name, const std::string& json,
                                          const WriteOptions&)) {
    struct Arguments {
        std::string name;
        std::string json;
        WriteTerms terms;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("name", arguments->name, "Record name")->required();
    command->add_option("json", arguments->json, "JSON text, or - for standard input")->required();
    arguments->terms.add_to(*command, true);
    command->footer("Example: ringside " + example);
    command->callback([&context, arguments, write] {
        const WriteOptions options = arguments->terms.options();
        const std::string json = argument_or_input(arguments->json);
        Client client = context.attach();
        print_result(write(client, arguments->name, json, options).value());
    });
}

struct PatchArguments {
    std::string name;
    std::string pointer;
    std::string json;
    std::string json_patch;
    std::string merge;
    WriteTerms terms;
};

Result<WriteResult> patch(const Context& context, const PatchArguments& arguments) {
    const WriteOptions options = arguments.terms.options();
    const std::string& name = arguments.name;
    if (!arguments.json_patch.empty()) {
        const std::string text = read_file(arguments.json_patch);
        return context.attach().json_patch(name, text, options);
    }
    if (!arguments.merge.empty()) {
        const std::string text = read_file(arguments.merge);
        return context.attach().merge(name, text, options);
    }
    if (arguments.json.empty()) {
        return Error(Errc::bad_usage,
                     "no patch; give a pointer and JSON text, --json-patch or --merge, or see "
                     "ringside patch --help");
    }
    const std::string text = argument_or_input(arguments.json);
    return context.attach().patch(name, arguments.pointer, text, options);
}

void add_patch(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<PatchArguments>();
    CLI::App* command = app.add_subcommand(
        "patch", "Set the value at a JSON Pointer, or apply a JSON Patch or JSON Merge Patch");
    command->add_option("name", arguments->name, "Record name")->required();
    auto* pointer = command->add_option("pointer", arguments->pointer, "JSON Pointer (RFC 6901)");
    command->add_option("json", arguments->json, "JSON text, or - for standard input");
    auto* patch_file = command->add_option("--json-patch", arguments->json_patch,
                                           "Apply the JSON Patch (RFC 6902) in this file, or -");
    auto* merge_file = command->add_option(
        "--merge", arguments->merge, "Apply the JSON Merge Patch (RFC 7396) in this file, or -");
    patch_file->excludes(merge_file)->excludes(pointer);
    merge_file->excludes(pointer);
    arguments->terms.add_to(*command, true);
    command->footer(
        "Example: ringside patch seat/1 /status '\"sold\"' --if-version 3\n"
        "Example: ringside patch seat/1 --json-patch changes.json");
    command->callback([&context, arguments] { print_result(patch(context, *arguments).value()); });
}

struct DeleteArguments {
    std::string name;
    bool is_dry_run = false;
    WriteTerms terms;
};

/// Deletes all records that match a pattern in one snapshot and still exist.
void delete_matching(Context& context, const DeleteArguments& arguments) {
    if (arguments.terms.has_condition()) {
        throw Exception(
            Error(Errc::bad_usage, "conditions need one record, not a pattern; name the record"));
    }
    const WriteOptions remove_options = arguments.terms.options();
    Client client = context.attach();
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::hours(1)}).value();
    std::uint64_t deleted = 0;
    std::optional<Error> failure;
    PipelineOptions options;
    options.on_reply = [&](std::uint64_t, const Result<WriteResult>& result) {
        if (result) ++deleted;
        else if (result.error() != Errc::not_found && !failure) failure = result.error();
    };
    Pipeline pipeline = client.pipeline(std::move(options)).value();
    snapshot
        .scan(arguments.name,
              [&](const RecordView& record) {
                  if (arguments.is_dry_run) print_line(name_line(record.name()));
                  else pipeline.remove(record.name(), remove_options).value();
                  return !failure;
              })
        .value();
    pipeline.flush().value();
    if (!arguments.is_dry_run) {
        std::string line = "{";
        append_member(line, "deleted", deleted);
        print_line(line + "}");
    }
    if (failure) throw Exception(*failure);
}

void remove(Context& context, const DeleteArguments& arguments) {
    if (arguments.name.find('*') != std::string::npos) return delete_matching(context, arguments);
    const WriteOptions options = arguments.terms.options();
    Client client = context.attach();
    if (!arguments.is_dry_run) {
        return print_result(client.remove(arguments.name, options).value());
    }
    print_line(name_line(client.get(arguments.name).value().name()));
}

void add_delete(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<DeleteArguments>();
    CLI::App* command =
        app.add_subcommand("delete", "Delete a record, or all records that match a pattern");
    command->add_option("name", arguments->name, "Record name or glob pattern")->required();
    command->add_flag("--dry-run", arguments->is_dry_run,
                      "Print the names of matching records, but delete nothing");
    arguments->terms.add_to(*command, false);
    command->footer(
        "A pattern deletes the records of one snapshot, each in its own commit.\n"
        "Example: ringside delete 'event/42/**' --dry-run");
    command->callback([&context, arguments] { remove(context, *arguments); });
}

void add_compact(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand(
        "compact", "Discard old revisions to free their memory immediately (admin)");
    command->footer("Example: ringside -g onsale compact");
    command->callback([&context] {
        Client client = context.attach();
        std::string line = "{";
        append_member(line, "revision", client.compact().value());
        print_line(line + "}");
    });
}

}  // namespace

void add_write_commands(CLI::App& app, Context& context) {
    add_put(app, context, "put", "Write a record", "put seat/1 '{\"status\":\"free\"}' --ttl 30s",
            [](Client& client, const std::string& name, const std::string& json,
               const WriteOptions& options) { return client.put(name, json, options); });
    add_put(app, context, "merge", "Apply a JSON Merge Patch (RFC 7396)",
            "merge seat/1 '{\"status\":\"sold\",\"hold\":null}'",
            [](Client& client, const std::string& name, const std::string& json,
               const WriteOptions& options) { return client.merge(name, json, options); });
    add_patch(app, context);
    add_delete(app, context);
    add_compact(app, context);
}

}  // namespace ringside::tools
