#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

struct CopyArguments {
    std::string from;
    std::string to;
    bool replaces = false;
};

/// Returns a record's remaining time to live, or zero if it does not expire.
std::chrono::milliseconds time_left(const Record& record) {
    if (record.expires_ms() == 0) return std::chrono::milliseconds(0);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto left = std::chrono::milliseconds(record.expires_ms()) -
                      std::chrono::duration_cast<std::chrono::milliseconds>(now);
    return std::max(left, std::chrono::milliseconds(1));
}

/// Writes the record to another name. A move also deletes it, in the same commit, which fails if
/// the record has been changed meanwhile.
void copy(const Context& context, const CopyArguments& arguments, bool moves) {
    if (arguments.from == arguments.to) {
        throw Exception(Error(Errc::bad_usage, "both names are the same; use two names"));
    }
    Client client = context.attach();
    const Record record = client.get(arguments.from).value();
    DocumentBuilder whole;
    const ByteView document = record.encode(whole).value();
    WriteOptions options;
    if (!arguments.replaces) options.condition = Condition::is_absent();
    options.ttl = time_left(record);
    Transaction transaction;
    transaction.put_encoded(arguments.to, document, options).value();
    if (moves) {
        WriteOptions unchanged;
        unchanged.condition = Condition::revision_is(record.revision());
        transaction.remove(arguments.from, unchanged).value();
    }
    record.check().value();
    std::string line = "{";
    const CommitResult result = client.commit(transaction).value();
    append_member(line, "revision", result.revision);
    append_member(line, "version", result.versions.front());
    print_line(line + "}");
}

void add_copy_command(CLI::App& app, Context& context, const std::string& name,
                      const std::string& what, bool moves) {
    auto arguments = std::make_shared<CopyArguments>();
    CLI::App* command = app.add_subcommand(name, what);
    command->add_option("from", arguments->from, "Record name")->required();
    command->add_option("to", arguments->to, "New name")->required();
    command->add_flag("--replace", arguments->replaces,
                      "Replace an existing record of the new name");
    command->footer("The time to live is kept.\nExample: ringside " + name + " seat/1 seat/2");
    command->callback([&context, arguments, moves] { copy(context, *arguments, moves); });
}

}  // namespace

void add_copy_commands(CLI::App& app, Context& context) {
    add_copy_command(app, context, "copy", "Copy a record to another name", false);
    add_copy_command(app, context, "rename", "Rename a record, in one commit", true);
}

}  // namespace ringside::tools
