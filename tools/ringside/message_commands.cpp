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
    command->add_option("subject", arguments->subject, "Subject, written like a record name")
        ->required();
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
    // Standard output carries only the result.
    std::cerr << printable(text) << '\n';
    context.status = ExitStatus::failed;
}

void add_call(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<CallArguments>();
    CLI::App* command = app.add_subcommand("call", "Call a provider and print its answer");
    command->add_option("name", arguments->name, "Name of the call")->required();
    command->add_option("json", arguments->json, "JSON text, or - for standard input")->required();
    command->add_option("--timeout", arguments->timeout,
                        "Time limit of the call: 500ms, 30s, 5m (default: the broker's setting)");
    command->add_flag("--idempotent", arguments->is_idempotent,
                      "Allow the call to be carried out twice: if a provider dies, ask another");
    command->footer(
        "If the provider reports a failure, prints it to standard error and exits with status 5.\n"
        "Example: ringside call quote '{\"event\":42,\"seats\":2}' --timeout 2s");
    command->callback([&context, arguments] { call(context, *arguments); });
}

}  // namespace

void add_message_commands(CLI::App& app, Context& context) {
    add_publish(app, context);
    add_call(app, context);
}

}  // namespace ringside::tools
