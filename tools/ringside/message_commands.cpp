#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

void add_publish(CLI::App& app, Context& context) {
    struct Arguments {
        std::string subject;
        std::string json;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("publish", "Publish an event to current subscribers; nothing is stored");
    command->add_option("subject", arguments->subject, "Its name, like a record's")->required();
    command->add_option("json", arguments->json, "JSON text, or - for standard input")->required();
    command->footer("Example: ringside publish gate/3/scan '{\"ticket\":\"A12\"}'");
    command->callback([&context, arguments] {
        Client client = context.attach();
        const WriteResult published =
            client.publish(arguments->subject, argument_or_input(arguments->json)).value();
        std::string line = "{";
        append_member(line, "revision", published.revision);
        print_data(line + "}");
    });
}

struct CallArguments {
    std::string name;
    std::string json;
    std::string timeout;
    bool is_idempotent = false;
};

void call(Context& context, const CallArguments& arguments) {
    CallOptions options;
    options.idempotent = arguments.is_idempotent;
    if (!arguments.timeout.empty())
        options.timeout = parse_duration("--timeout", arguments.timeout, Errc::bad_timeout);
    Client client = context.attach();
    const Answer answer =
        client.call(arguments.name, argument_or_input(arguments.json), options).value();
    const std::string text = to_json(answer.document.root());
    if (!answer.is_failure) {
        print_data(text);
        return;
    }
    // On standard output is what was asked for, or nothing.
    std::cerr << printable(text) << '\n';
    context.status = ExitStatus::failed;
}

void add_call(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<CallArguments>();
    CLI::App* command =
        app.add_subcommand("call", "Call a provider of a name and print its answer");
    command->add_option("name", arguments->name, "What is called")->required();
    command->add_option("json", arguments->json, "JSON text, or - for standard input")->required();
    command->add_option("--timeout", arguments->timeout,
                        "How long it may take in all: 500ms, 30s, 5m (default: as the broker is "
                        "configured)");
    command->add_flag(
        "--idempotent", arguments->is_idempotent,
        "It may be carried out twice: another provider is asked when one dies with it");
    command->footer(
        "A provider's failure is printed on standard error, and the exit status is then 5.\n"
        "Example: ringside call quote '{\"event\":42,\"seats\":2}' --timeout 2s");
    command->callback([&context, arguments] { call(context, *arguments); });
}

}  // namespace

void add_message_commands(CLI::App& app, Context& context) {
    add_publish(app, context);
    add_call(app, context);
}

}  // namespace ringside::tools
