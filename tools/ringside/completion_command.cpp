#include <CLI/CLI.hpp>
#include <memory>

#include "tools/ringside/completion/completion_tree.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

void add_completion_command(CLI::App& app) {
    auto shell = std::make_shared<std::string>("bash");
    CLI::App* command =
        app.add_subcommand("completion", "Print a script that completes commands and options");
    command->add_option("shell", *shell, "bash, zsh or fish (default: bash)")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->footer(
        "In fish, pipe the script: ringside completion fish | source\n"
        "Example: source <(ringside completion bash)");
    command->callback([&app, shell] {
        const auto points = completion_points(app);
        print_line(*shell == "zsh"    ? zsh_completion(points)
                   : *shell == "fish" ? fish_completion(points)
                                      : bash_completion(points));
    });
}

}  // namespace ringside::tools
