#include <fmt/format.h>

#include <string_view>

#include "tools/ringside/completion/completion_tree.hpp"

/// The scripts follow the words of the line from command to command. The words that may come next
/// are those of the last command.
namespace ringside::tools {

namespace {

/// Quotes a text as one word of bash and zsh.
std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') out += "'\\''";
        else out += c;
    }
    return out + "'";
}

/// Quotes a text as one word of fish.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

/// The paths of all commands, each after a space.
std::string paths_of(const std::vector<CompletionPoint>& points) {
    std::string paths;
    for (const CompletionPoint& point : points) {
        if (!point.path.empty()) paths += " " + point.path;
    }
    return paths;
}

}  // namespace

std::string bash_completion(const std::vector<CompletionPoint>& points) {
    std::string script = fmt::format(
        "_ringside() {{\n"
        "  local paths='{} ' path= words= i\n"
        "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
        "    [[ $paths == *\" $path/${{COMP_WORDS[i]}} \"* ]] && path+=/${{COMP_WORDS[i]}}\n"
        "  done\n"
        "  case \"$path\" in\n",
        paths_of(points));
    for (const CompletionPoint& point : points) {
        std::string words;
        for (const CompletionWord& word : point.words) {
            for (const std::string& form : word.forms) words += (words.empty() ? "" : " ") + form;
        }
        script += fmt::format("    '{}') words='{}' ;;\n", point.path, words);
    }
    return script +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _ringside ringside";
}

std::string zsh_completion(const std::vector<CompletionPoint>& points) {
    std::string script = fmt::format(
        "#compdef ringside\n"
        "_ringside() {{\n"
        "  local paths='{} ' at= i\n"
        "  local -a candidates\n"
        "  for ((i = 2; i < CURRENT; ++i)); do\n"
        "    [[ $paths == *\" $at/${{words[i]}} \"* ]] && at+=/${{words[i]}}\n"
        "  done\n"
        "  case \"$at\" in\n",
        paths_of(points));
    for (const CompletionPoint& point : points) {
        script += fmt::format("    '{}') candidates=(\n", point.path);
        for (const CompletionWord& word : point.words) {
            for (const std::string& form : word.forms)
                script += fmt::format("      {}\n", shell_quoted(form + ":" + word.description));
        }
        script += "    ) ;;\n";
    }
    return script +
           "  esac\n"
           "  _describe ringside candidates || _files\n"
           "}\n"
           // The file is loaded by compinit from $fpath, or sourced.
           "if [ \"${funcstack[1]}\" = _ringside ]; then _ringside \"$@\"; "
           "else compdef _ringside ringside; fi";
}

std::string fish_completion(const std::vector<CompletionPoint>& points) {
    std::string script = fmt::format(
        "function __ringside_command\n"
        "  set -l paths{}\n"
        "  set -l at ''\n"
        "  set -l tokens (commandline -opc)\n"
        "  for word in $tokens[2..-1]\n"
        "    contains -- \"$at/$word\" $paths; and set at \"$at/$word\"\n"
        "  end\n"
        "  echo \"ringside$at\"\n"
        "end\n",
        paths_of(points));
    for (const CompletionPoint& point : points) {
        for (const CompletionWord& word : point.words) {
            std::string forms;
            for (const std::string& form : word.forms) {
                if (form.starts_with("--")) forms += " -l " + form.substr(2);
                else if (form.starts_with("-")) forms += " -s " + form.substr(1);
                else forms += " -f -a " + form;
            }
            script += fmt::format(
                "complete -c ringside -n 'test (__ringside_command) = ringside{}'{}{} -d {}\n",
                point.path, forms, word.takes_value ? " -r" : "", fish_quoted(word.description));
        }
    }
    script.pop_back();
    return script;
}

}  // namespace ringside::tools
