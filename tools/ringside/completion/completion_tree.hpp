#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ringside::tools {

/// A word that may follow a command.
struct CompletionWord {
    std::vector<std::string> forms;  ///< "add"; or "-g", "--grid"
    std::string description;         ///< the first sentence of its help, on one line
    bool takes_value = false;
};

/// The words that can follow a command: its commands, its options and those of the program.
struct CompletionPoint {
    std::string path;  ///< "" for the program, "/index/add"
    std::vector<CompletionWord> words;
};

/// Returns the points of all commands, the program first. Omits hidden commands and options.
[[nodiscard]] std::vector<CompletionPoint> completion_points(const CLI::App& program);

/// Each returns a script that completes the command `ringside` in a shell.
[[nodiscard]] std::string bash_completion(const std::vector<CompletionPoint>& points);
[[nodiscard]] std::string zsh_completion(const std::vector<CompletionPoint>& points);
[[nodiscard]] std::string fish_completion(const std::vector<CompletionPoint>& points);

}  // namespace ringside::tools
