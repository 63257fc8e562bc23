#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "shm/base/option_number.hpp"
#include "shm/base/utf8.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/filter.hpp"

namespace ringside::tools {

namespace {

struct ProvideArguments {
    std::string pattern;
    std::string command;
    std::size_t threads = 1;
};

/// What a command wrote, as a text that JSON can hold.
std::string readable(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (is_utf8(text)) return text;
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return text;
}

void fail(Call& call, const std::string& why, int status) {
    std::string document = "{";
    append_member(document, "error", std::string_view(why));
    append_member(document, "status", static_cast<std::uint64_t>(status));
    call.fail(document + "}").value();
}

/// Ends the call with what the command makes of it. Throws ringside::Exception.
void answer(Call& call, const ProvideArguments& arguments, const std::string& grid) {
    const std::string input = to_json(call.document()) + '\n';
    const FilterOutcome outcome = run_filter(
        arguments.command, {{"RINGSIDE_CALL", std::string(call.name())}, {"RINGSIDE_GRID", grid}},
        input, call.deadline());
    if (outcome.status != 0) {
        const std::string why = readable(outcome.errors);
        fail(call, why.empty() ? "the command has failed" : why, outcome.status);
        return;
    }
    const auto document = Document::parse(outcome.output);
    if (document) call.answer(*document).value();
    else fail(call, "the command printed no answer: " + document.error().text(), 0);
}

void provide(Context& context, const ProvideArguments& arguments) {
    catch_interrupts();
    Client client = context.attach();
    const auto handle = [&arguments, grid = context.grid](Call& call) {
        try {
            answer(call, arguments, grid);
        } catch (const Exception& failure) {
            complain(failure.error());  // a call that is left unended goes to the next provider
        }
    };
    const Service service =
        client.provide(arguments.pattern, handle, {.threads = arguments.threads}).value();
    std::string line = "{";
    append_member(line, "provides", std::string_view(arguments.pattern));
    append_member(line, "threads", std::uint64_t{arguments.threads});
    print_data(line + "}", true);
    while (!is_interrupted()) {
        if (!service.is_serving()) throw Exception(Error(Errc::connection_lost));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

}  // namespace

void add_provide_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<ProvideArguments>();
    CLI::App* command =
        app.add_subcommand("provide", "Answer calls of a name with the output of a command");
    command->add_option("name", arguments->pattern, "What is answered: a name or a glob pattern")
        ->required();
    command->add_option("--exec", arguments->command, "The command; the shell runs it, once a call")
        ->required();
    command->add_option("--threads", arguments->threads, "So many calls at once")
        ->check(whole_number(1, limits::lanes_per_session_max - 1));
    command->footer(
        "The command has the call's document on its standard input, its name in RINGSIDE_CALL, "
        "and\n"
        "the grid's in RINGSIDE_GRID. What it prints is the answer, and has to be JSON; if its "
        "exit\n"
        "status is not 0, the caller gets the failure {\"error\":…,\"status\":…} with what it "
        "wrote\n"
        "to standard error. One whose caller has stopped waiting gets SIGTERM.\n"
        "A line is printed when calls can come. SIGTERM and SIGINT withdraw: calls that were "
        "taken\n"
        "are still answered.\n"
        "Example: ringside provide quote --exec 'jq \"{price: (.seats * 4200)}\"'");
    command->callback([&context, arguments] { provide(context, *arguments); });
}

}  // namespace ringside::tools
