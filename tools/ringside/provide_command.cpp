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

/// Converts a command's output to text that JSON can hold.
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

/// Ends the call with the result of the command. Throws ringside::Exception.
void answer(Call& call, const ProvideArguments& arguments, const std::string& grid) {
    const std::string input = to_json(call.document()) + '\n';
    const FilterOutcome outcome = run_filter(
        arguments.command, {{"RINGSIDE_CALL", std::string(call.name())}, {"RINGSIDE_GRID", grid}},
        input, call.deadline());
    if (outcome.status != 0) {
        const std::string why = readable(outcome.errors);
        fail(call, why.empty() ? "the command failed" : why, outcome.status);
        return;
    }
    const auto document = Document::parse(outcome.output);
    if (document) call.answer(*document).value();
    else fail(call, "the command printed no JSON: " + document.error().text(), 0);
}

void provide(Context& context, const ProvideArguments& arguments) {
    catch_interrupts();
    Client client = context.attach();
    const auto handle = [&arguments, grid = context.grid](Call& call) {
        try {
            answer(call, arguments, grid);
        } catch (const Exception& failure) {
            complain(failure.error());  // a call without an outcome goes to the next provider
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
    CLI::App* command = app.add_subcommand("provide", "Answer calls with the output of a command");
    command->add_option("name", arguments->pattern, "Name or glob pattern of the calls")
        ->required();
    command->add_option("--exec", arguments->command, "Shell command to run, once for each call")
        ->required();
    command->add_option("--threads", arguments->threads, "Number of concurrent calls")
        ->check(whole_number(1, limits::lanes_per_session_max - 1));
    command->footer(
        "The command reads the call's document from standard input; RINGSIDE_CALL holds its\n"
        "name and RINGSIDE_GRID the grid. Its output is the answer and must be JSON. If it exits\n"
        "with a status other than 0, the caller gets the failure {\"error\":…,\"status\":…} with\n"
        "the command's standard error. If the caller stops waiting, the command gets SIGTERM.\n"
        "Prints a line when it is ready for calls. On SIGTERM or SIGINT, withdraws the name and\n"
        "answers the accepted calls.\n"
        "Example: ringside provide quote --exec 'jq \"{price: (.seats * 4200)}\"'");
    command->callback([&context, arguments] { provide(context, *arguments); });
}

}  // namespace ringside::tools
