#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "shm/segment/layout.hpp"
#include "tools/ringside/commit.h"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

void print_help(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* command = &app;
    std::string prefix;
    for (const std::string& word : words) {
        const auto found = command->get_subcommands(
            [&word](const CLI::App* candidate) { return candidate->get_name() == word; });
        if (found.empty()) {
            throw Exception(Error(Errc::bad_usage, fmt::format("no command '{}'; see {}{} --help",
                                                               word, prefix, command->get_name())));
        }
        prefix += command->get_name() + " ";
        command = found.front();
    }
    std::string text = command->get_formatter()->make_help(command, prefix + command->get_name(),
                                                           CLI::AppFormatMode::Normal);
    while (text.ends_with('\n')) text.pop_back();
    print_line(text);
}

void add_help(CLI::App& app) {
    auto words = std::make_shared<std::vector<std::string>>();
    CLI::App* command = app.add_subcommand("help", "Show help for the program or a command");
    command->add_option("command", *words, "Command, for example: index add");
    command->footer("Example: ringside help put");
    command->callback([&app, words] { print_help(app, *words); });
}

void print_version(bool json) {
    if (!json) {
        print_line("ringside " RINGSIDE_VERSION);
        print_line("commit   " + std::string(commit));
        print_line("layout   " + std::to_string(shm::layout_version));
        return;
    }
    std::string line = "{";
    append_member(line, "release", std::string_view(RINGSIDE_VERSION));
    append_member(line, "commit", std::string_view(commit));
    append_member(line, "layout", std::uint64_t{shm::layout_version});
    print_line(line + "}");
}

void add_version(CLI::App& app) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("version", "Show release, commit and segment layout");
    command->add_flag("--json", *json, "Print one JSON object");
    command->footer(
        "Programs and grids of the same layout are compatible.\n"
        "Example: ringside version --json");
    command->callback([json] { print_version(*json); });
}

}  // namespace

void add_help_commands(CLI::App& app) {
    add_help(app);
    add_version(app);
}

}  // namespace ringside::tools
