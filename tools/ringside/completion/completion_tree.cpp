#include "tools/ringside/completion/completion_tree.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace ringside::tools {

namespace {

std::string first_sentence(std::string text) {
    text = text.substr(0, std::min(text.find('\n'), text.find("; ")));
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
    return text;
}

void add_options(const CLI::App& app, std::vector<CompletionWord>& words) {
    const auto is_known = [&words](const std::string& form) {
        return std::any_of(words.begin(), words.end(), [&form](const CompletionWord& word) {
            return std::find(word.forms.begin(), word.forms.end(), form) != word.forms.end();
        });
    };
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional() || option->get_group().empty()) continue;
        // A command has its own --help, as the program has.
        if (!option->get_lnames().empty() && is_known("--" + option->get_lnames().front()))
            continue;
        CompletionWord word{
            {}, first_sentence(option->get_description()), option->get_items_expected_max() > 0};
        for (const std::string& name : option->get_snames()) word.forms.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) word.forms.push_back("--" + name);
        words.push_back(std::move(word));
    }
}

void add_point(const CLI::App& command, const CLI::App& program, const std::string& path,
               std::vector<CompletionPoint>& points) {
    CompletionPoint point{path, {}};
    for (const CLI::App* inner : command.get_subcommands({})) {
        if (inner->get_group().empty()) continue;
        point.words.push_back(
            {{inner->get_name()}, first_sentence(inner->get_description()), false});
    }
    add_options(command, point.words);
    if (&command != &program) add_options(program, point.words);
    points.push_back(std::move(point));
    for (const CLI::App* inner : command.get_subcommands({})) {
        if (!inner->get_group().empty())
            add_point(*inner, program, path + "/" + inner->get_name(), points);
    }
}

}  // namespace

std::vector<CompletionPoint> completion_points(const CLI::App& program) {
    std::vector<CompletionPoint> points;
    add_point(program, program, "", points);
    return points;
}

}  // namespace ringside::tools
