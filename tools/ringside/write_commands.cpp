#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shm/base/option_number.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/progress.hpp"

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
        version_option =
            command
                .add_option("--if-version", if_version, "Write only if the record has this version")
                ->check(whole_number());
        revision_option = command
                              .add_option("--if-revision", if_revision,
                                          "Write only if the record last changed at this revision")
                              ->check(whole_number());
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

/// Deletes the records that match a pattern and have not changed since the deletion began. A full
/// grid revokes snapshots, so the deletion then continues with a new one after the last name.
class PatternDeletion {
public:
    PatternDeletion(const Context& context, const DeleteArguments& arguments)
        : arguments_(arguments), options_(arguments.terms.options()), client_(context.attach()) {
        PipelineOptions options;
        options.on_reply = [this](std::uint64_t, const Result<WriteResult>& result) {
            if (result) ++deleted_;
            else if (result.error() != Errc::not_found && !failure_) failure_ = result.error();
        };
        pipeline_.emplace(client_.pipeline(std::move(options)).value());
    }

    /// Throws ringside::Exception; earlier deletions stay in effect.
    void run() {
        constexpr int idle_passes_max = 10;
        Snapshot snapshot = take_snapshot();
        newest_ = snapshot.revision();
        if (progress_.is_shown() && !arguments_.is_dry_run) total_ = count_matching(snapshot);
        for (int idle_passes = 0;;) {
            const std::uint64_t before = processed_;
            const Result<void> scanned = process_matching(snapshot);
            pipeline_->flush().value();
            if (failure_) throw Exception(*failure_);
            if (scanned || is_interrupted()) return;
            idle_passes = processed_ == before ? idle_passes + 1 : 0;
            const bool may_pass = scanned.error() == Errc::snapshot_expired;
            if (!may_pass || idle_passes == idle_passes_max) throw Exception(scanned.error());
            snapshot = take_snapshot();
        }
    }

    void print_summary() const {
        progress_.clear();
        std::string line = "{";
        append_member(line, arguments_.is_dry_run ? "records" : "deleted",
                      arguments_.is_dry_run ? processed_ : deleted_);
        if (arguments_.is_dry_run) line += R"(,"dry_run":true)";
        if (is_interrupted()) line += R"(,"interrupted":true)";
        line += '}';
        if (!arguments_.is_dry_run) return print_line(line);
        // Standard output has the names only, for other programs.
        flush_output();
        fmt::print(stderr, "{}\n", line);
    }

private:
    [[nodiscard]] Snapshot take_snapshot() const {
        return client_.snapshot({.lease = std::chrono::hours(1)}).value();
    }

    [[nodiscard]] bool is_selected(const RecordView& record) const {
        return record.revision() <= newest_ && (!last_ || record.name() > *last_);
    }

    /// Counts as far as the snapshot lasts.
    [[nodiscard]] std::uint64_t count_matching(const Snapshot& snapshot) const {
        std::uint64_t count = 0;
        static_cast<void>(snapshot.scan(arguments_.name, [&](const RecordView&) {
            ++count;
            return !is_interrupted();
        }));
        return count;
    }

    /// Errors: those of Snapshot::scan. Throws ringside::Exception.
    Result<void> process_matching(const Snapshot& snapshot) {
        constexpr std::size_t batch_names = 64;
        std::vector<std::string> names;
        Result<void> valid;
        auto scanned = snapshot.scan(arguments_.name, [&](const RecordView& record) {
            if (is_selected(record)) names.emplace_back(record.name());
            if (names.size() == batch_names) {
                // The names are valid only if the snapshot still is.
                valid = snapshot.check();
                if (valid) process(names);
            }
            return valid && !failure_ && !is_interrupted();
        });
        if (!valid) return valid;
        if (scanned && !failure_ && !is_interrupted()) process(names);
        return scanned;
    }

    void process(std::vector<std::string>& names) {
        for (std::string& name : names) {
            if (arguments_.is_dry_run) print_line(name_line(name));
            else pipeline_->remove(name, options_).value();
            last_ = std::move(name);
            if (++processed_ % Progress::interval_records == 0 && total_ > 0)
                progress_.show(processed_, total_, deleted_);
        }
        names.clear();
    }

    const DeleteArguments& arguments_;
    WriteOptions options_;
    Client client_;
    Revision newest_ = 0;              ///< records that changed later are left unchanged
    std::optional<std::string> last_;  ///< last processed name
    std::uint64_t processed_ = 0;
    std::uint64_t deleted_ = 0;
    std::uint64_t total_ = 0;  ///< 0: no progress is shown
    std::optional<Error> failure_;
    Progress progress_;
    std::optional<Pipeline> pipeline_;  ///< last: its replies use the others
};

void delete_matching(Context& context, const DeleteArguments& arguments) {
    if (arguments.terms.has_condition()) {
        throw Exception(
            Error(Errc::bad_usage, "conditions need one record, not a pattern; name the record"));
    }
    PatternDeletion deletion(context, arguments);
    catch_interrupts();
    try {
        deletion.run();
    } catch (...) {
        deletion.print_summary();
        throw;
    }
    deletion.print_summary();
    if (is_interrupted()) context.status = ExitStatus::not_so;
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
        "A pattern deletes the records that exist at the start, each in its own commit.\n"
        "Prints the number of deleted records, with --dry-run on standard error.\n"
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
