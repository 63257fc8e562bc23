#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

/// The words that may follow a command: its commands and options, and the options of the program.
std::string words_of(const CLI::App& command, const CLI::App& program) {
    std::string words;
    const auto add = [&words](const std::string& word) {
        words += (words.empty() ? "" : " ") + word;
    };
    for (const CLI::App* inner : command.get_subcommands({})) add(inner->get_name());
    const auto add_options = [&add](const CLI::App& app) {
        for (const CLI::Option* option : app.get_options()) {
            for (const std::string& name : option->get_snames()) add("-" + name);
            for (const std::string& name : option->get_lnames()) add("--" + name);
        }
    };
    add_options(command);
    if (&command != &program) add_options(program);
    return words;
}

/// Appends a case for the command and those within it.
void append_cases(const CLI::App& command, const CLI::App& program, const std::string& path,
                  std::string& script) {
    script += fmt::format("    '{}') words='{}' ;;\n", path, words_of(command, program));
    for (const CLI::App* inner : command.get_subcommands({})) {
        append_cases(*inner, program, path + "/" + inner->get_name(), script);
    }
}

/// The script follows the words of the line from command to command.
std::string bash_script(const CLI::App& program) {
    std::string paths;
    const auto add_paths = [&paths](const CLI::App& command, const std::string& path,
                                    const auto& self) -> void {
        for (const CLI::App* inner : command.get_subcommands({})) {
            paths += " " + path + "/" + inner->get_name();
            self(*inner, path + "/" + inner->get_name(), self);
        }
    };
    add_paths(program, "", add_paths);
    std::string script = fmt::format(
        "_ringside() {{\n"
        "  local paths='{} ' path= words= i\n"
        "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
        "    [[ $paths == *\" $path/${{COMP_WORDS[i]}} \"* ]] && path+=/${{COMP_WORDS[i]}}\n"
        "  done\n"
        "  case \"$path\" in\n",
        paths);
    append_cases(program, program, "", script);
    return script +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _ringside ringside";
}

}  // namespace

void add_completion_command(CLI::App& app) {
    auto shell = std::make_shared<std::string>("bash");
    CLI::App* command =
        app.add_subcommand("completion", "Print a script that completes commands and options");
    command->add_option("shell", *shell, "bash; zsh can use it after bashcompinit")
        ->check(CLI::IsMember({"bash"}));
    command->footer("Example: source <(ringside completion bash)");
    command->callback([&app, shell] { print_line(bash_script(app)); });
}

}  // namespace ringside::tools
