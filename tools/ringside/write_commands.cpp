#include <CLI/CLI.hpp>
#include <memory>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

/// The arguments of any write.
struct WriteArguments {
    std::string name;
    std::string pointer;
    std::string json;
    std::uint64_t if_version = 0;
    std::uint64_t if_revision = 0;
    bool if_absent = false;
    std::string ttl;
    bool durable = false;
    CLI::Option* version_option = nullptr;
    CLI::Option* revision_option = nullptr;

    [[nodiscard]] WriteOptions options() const {
        WriteOptions options;
        if (if_absent) options.condition = Condition::is_absent();
        if (version_option->count() > 0) options.condition = Condition::version_is(if_version);
        if (revision_option->count() > 0) options.condition = Condition::revision_is(if_revision);
        if (durable) options.grade = Grade::durable;
        if (!ttl.empty()) options.ttl = parse_duration(ttl, Errc::bad_ttl);
        return options;
    }
};

using Call = std::function<Result<WriteResult>(Client&, const WriteArguments&)>;

void print_result(const WriteResult& result) {
    std::string line = "{";
    append_member(line, "revision", result.revision);
    append_member(line, "version", result.version);
    print_line(line + "}");
}

void add_command(CLI::App& app, Context& context, const std::string& name, const std::string& what,
                 const std::string& positionals, const std::string& example, Call call) {
    auto arguments = std::make_shared<WriteArguments>();
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("name", arguments->name, "Name of the record")->required();
    if (positionals.find('P') != std::string::npos) {
        command->add_option("pointer", arguments->pointer, "JSON Pointer (RFC 6901)")->required();
    }
    if (positionals.find('J') != std::string::npos) {
        command->add_option("json", arguments->json, "JSON text, or - for standard input")
            ->required();
    }
    arguments->version_option = command->add_option("--if-version", arguments->if_version,
                                                    "Only if the record has this version");
    arguments->revision_option =
        command->add_option("--if-revision", arguments->if_revision,
                            "Only if the record was changed last at this revision");
    auto* absent =
        command->add_flag("--if-absent", arguments->if_absent, "Only if there is no such record");
    arguments->version_option->excludes(absent)->excludes(arguments->revision_option);
    arguments->revision_option->excludes(absent);
    if (name != "delete") {
        command->add_option("--ttl", arguments->ttl, "Time to live: 500ms, 30s, 5m, 2h, 1d");
    }
    command->add_flag("--durable", arguments->durable, "Wait until it is on disk");
    command->footer("Example: ringside " + example);
    command->callback([&context, arguments, call = std::move(call)] {
        Client client = context.attach();
        arguments->json = argument_or_input(arguments->json);
        print_result(call(client, *arguments).value());
    });
}

}  // namespace

void add_write_commands(CLI::App& app, Context& context) {
    add_command(app, context, "put", "Writes a record", "J",
                "put seat/1 '{\"status\":\"free\"}' --ttl 30s",
                [](Client& client, const WriteArguments& a) {
                    return client.put(a.name, a.json, a.options());
                });
    add_command(app, context, "merge", "Applies a JSON Merge Patch (RFC 7396)", "J",
                "merge seat/1 '{\"status\":\"sold\",\"hold\":null}'",
                [](Client& client, const WriteArguments& a) {
                    return client.merge(a.name, a.json, a.options());
                });
    add_command(app, context, "patch", "Sets the value at a JSON Pointer", "PJ",
                "patch seat/1 /status '\"sold\"' --if-version 3",
                [](Client& client, const WriteArguments& a) {
                    return client.patch(a.name, a.pointer, a.json, a.options());
                });
    add_command(
        app, context, "delete", "Deletes a record", "", "delete seat/1",
        [](Client& client, const WriteArguments& a) { return client.remove(a.name, a.options()); });
    CLI::App* compact = app.add_subcommand(
        "compact", "Forgets old revisions, so that their memory comes back now (admin)");
    compact->callback([&context] {
        Client client = context.attach();
        std::string line = "{";
        append_member(line, "revision", client.compact().value());
        print_line(line + "}");
    });
}

}  // namespace ringside::tools
