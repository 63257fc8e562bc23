#include <CLI/CLI.hpp>
#include <memory>

#include "tools/ringside/context.hpp"
#include "tools/ringside/feeds.hpp"

namespace ringside::tools {

namespace {

struct ListenArguments {
    std::string pattern;
    std::string command;
};

void print_change(std::string_view what, const std::string& subject, std::optional<int> status) {
    std::string line = "{";
    append_member(line, "kind", what);
    append_member(line, "subject", std::string_view(subject));
    if (status) append_member(line, "status", static_cast<std::uint64_t>(*status));
    print_data(line + "}", true);
}

void listen(Context& context, const ListenArguments& arguments) {
    catch_interrupts();
    Client client = context.attach();
    Listener listener = client.listen(arguments.pattern).value();
    Feeds feeds(listener, arguments.command, context.grid, print_change);
    std::string line = "{";
    append_member(line, "listens", std::string_view(arguments.pattern));
    print_data(line + "}", true);
    while (!is_interrupted()) {
        const bool is_busy = feeds.tend();
        const auto interest = listener.next(std::chrono::milliseconds(is_busy ? 10 : 200));
        if (interest) feeds.follow(*interest);
        else if (interest.error().code != Errc::timed_out) throw Exception(interest.error());
    }
}

}  // namespace

void add_listen_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<ListenArguments>();
    CLI::App* command =
        app.add_subcommand("listen", "Run a command for each name that is being watched");
    command
        ->add_option("pattern", arguments->pattern,
                     "Glob pattern: * matches within a level, ** any number of levels")
        ->required();
    command
        ->add_option("--exec", arguments->command,
                     "Shell command to run, once for each watched name")
        ->required();
    command->footer(
        "RINGSIDE_SUBJECT holds the name and RINGSIDE_GRID the grid. The command's output goes\n"
        "to standard error. The name is provided once the command has run for 0.2 s or exited\n"
        "with 0.\n"
        "When the last watcher leaves, or `listen` ends, the command gets SIGTERM, and SIGKILL\n"
        "5 s later. If it exits with another status, the name is offered to the next listener.\n"
        "Prints one JSON line per event: `wanted`, `provided`, `failed` (with the status),\n"
        "`unwanted`.\n"
        "Example: ringside listen 'clock/*' --exec \\\n"
        "    'while sleep 1; do ringside put \"$RINGSIDE_SUBJECT\" \"$(date +%s)\"; done'");
    command->callback([&context, arguments] { listen(context, *arguments); });
}

}  // namespace ringside::tools
