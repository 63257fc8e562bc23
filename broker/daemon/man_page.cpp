#include "broker/daemon/man_page.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>

#include "shm/base/printable.hpp"

namespace ringside::daemon {

namespace {

/// Writes the requests and the text of a page. Text is escaped, so that no line of it is a request.
class Roff {
public:
    /// Writes a request on a separate line; the `arguments` are escaped and quoted.
    Roff& request(std::string_view name, std::initializer_list<std::string_view> arguments = {}) {
        end_line();
        out_ += '.';
        out_ += name;
        for (const std::string_view argument : arguments) {
            out_ += " \"";
            escape(argument, true);
            out_ += '"';
        }
        out_ += '\n';
        return *this;
    }
    Roff& text(std::string_view words) {
        escape(words, false);
        return *this;
    }
    Roff& bold(std::string_view words) { return in_font('B', words); }
    Roff& italic(std::string_view words) { return in_font('I', words); }
    Roff& end_line() {
        if (!out_.empty() && out_.back() != '\n') out_ += '\n';
        return *this;
    }
    [[nodiscard]] std::string take() && {
        end_line();
        return std::move(out_);
    }

private:
    Roff& in_font(char font, std::string_view words) {
        (out_ += "\\f") += font;
        escape(words, false);
        out_ += "\\fR";
        return *this;
    }
    void escape(std::string_view words, bool is_argument) {
        while (!words.empty()) {
            const char first = words.front();
            const char32_t character = take_character(words);
            if (character == not_a_character) {
                out_ += '?';
            } else if (first == '\n') {
                // No line is empty: that would be a request for space.
                if (!out_.empty() && out_.back() != '\n') out_ += is_argument ? ' ' : '\n';
            } else if (first == '\\') {
                out_ += "\\e";
            } else if (first == '-' && !is_argument) {
                out_ += "\\-";
            } else if (first == '"' && is_argument) {
                out_ += "\\(dq";
            } else if ((first == '.' || first == '\'') && is_at_begin()) {
                (out_ += "\\&") += first;
            } else if (character < 0x80) {
                out_ += first;
            } else {
                char escaped[16];
                std::snprintf(escaped, sizeof escaped, "\\[u%04X]",
                              static_cast<unsigned>(character));
                out_ += escaped;
            }
        }
    }
    [[nodiscard]] bool is_at_begin() const { return out_.empty() || out_.back() == '\n'; }

    std::string out_;
};

bool is_shown(const CLI::Option& option) {
    return !option.get_group().empty() && !option.get_positional();
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// The synopsis of a command: its name and its positional arguments.
void write_usage(Roff& roff, const CLI::App& command, const std::string& name) {
    roff.bold(name).text(" [").italic("OPTIONS").text("]");
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_positional() || option->get_group().empty()) continue;
        roff.text(option->get_required() ? " " : " [").italic(option->get_name(true));
        if (option->get_expected_max() > 1) roff.text(" ...");
        if (!option->get_required()) roff.text("]");
    }
    if (!command.get_subcommands({}).empty()) {
        const bool is_optional = command.get_require_subcommand_min() == 0;
        roff.text(is_optional ? " [" : " ").italic("COMMAND").text(is_optional ? "]" : "");
    }
    roff.end_line();
}

void write_option(Roff& roff, const CLI::Option& option) {
    roff.request("TP");
    const char* separator = "";
    for (const std::string& name : option.get_snames()) {
        roff.text(std::exchange(separator, ", ")).bold("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
        roff.text(std::exchange(separator, ", ")).bold("--" + name);
    }
    if (takes_value(option)) roff.text(" ").italic(option.get_type_name());
    roff.end_line().text(option.get_description());
    if (option.get_required()) roff.text(" (required)");
    const std::string value = option.get_default_str();
    if (!value.empty()) roff.text(" [" + value + "]");
    roff.end_line();
}

void write_positionals(Roff& roff, const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_positional() || option->get_description().empty()) continue;
        roff.request("TP").italic(option->get_name(true)).end_line();
        roff.text(option->get_description()).end_line();
    }
}

void write_options(Roff& roff, const CLI::App& command) {
    const bool is_program = command.get_parent() == nullptr;
    for (const CLI::Option* option : command.get_options()) {
        const bool is_help = option == command.get_help_ptr();
        if (is_shown(*option) && (is_program || !is_help)) write_option(roff, *option);
    }
}

/// Writes the footer of a help text: sentences and examples, with their lines unchanged.
void write_footer(Roff& roff, const CLI::App& command) {
    const std::string footer = command.get_footer();
    if (!footer.empty()) roff.request("nf").text(footer).end_line().request("fi");
}

/// The date of the page: that of a reproducible build, or today.
std::string date_of_page() {
    const char* const epoch = std::getenv("SOURCE_DATE_EPOCH");
    const std::time_t time = epoch == nullptr ? std::time(nullptr) : std::atoll(epoch);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc)};
}

void write_commands(Roff& roff, const CLI::App& parent, const std::string& prefix) {
    for (const CLI::App* command : parent.get_subcommands({})) {
        if (command->get_group().empty()) continue;
        const std::string name = prefix + command->get_name();
        roff.request("SS", {name});
        write_usage(roff, *command, name);
        roff.request("PP").text(command->get_description()).end_line();
        write_positionals(roff, *command);
        write_options(roff, *command);
        if (!command->get_footer().empty()) roff.request("PP");
        write_footer(roff, *command);
        write_commands(roff, *command, name + " ");
    }
}

void collect_environment(const CLI::App& command, std::map<std::string, std::string>& variables) {
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_envname().empty())
            variables.emplace(option->get_envname(), option->get_description());
    }
    for (const CLI::App* inner : command.get_subcommands({}))
        collect_environment(*inner, variables);
}

void write_environment(Roff& roff, const CLI::App& app) {
    std::map<std::string, std::string> variables;
    collect_environment(app, variables);
    if (variables.empty()) return;
    roff.request("SH", {"ENVIRONMENT"});
    for (const auto& [name, description] : variables) {
        roff.request("TP").bold(name).end_line().text(description).end_line();
    }
}

}  // namespace

std::string man_page(const CLI::App& app, const ManPage& page) {
    Roff roff;
    const std::string& name = app.get_name();
    const std::string section = std::to_string(page.section);
    roff.request("TH", {name, section, date_of_page(), "ringside " + page.version, "Ringside"});
    roff.request("SH", {"NAME"}).text(name + " - " + app.get_description()).end_line();
    roff.request("SH", {"SYNOPSIS"});
    write_usage(roff, app, name);
    if (!app.get_footer().empty()) roff.request("SH", {"DESCRIPTION"});
    write_footer(roff, app);
    roff.request("SH", {"OPTIONS"});
    write_positionals(roff, app);
    write_options(roff, app);
    if (!app.get_subcommands({}).empty()) roff.request("SH", {"COMMANDS"});
    write_commands(roff, app, "");
    write_environment(roff, app);
    roff.request("SH", {"SEE ALSO"});
    const char* separator = "";
    for (const std::string& other : page.see_also)
        roff.text(std::exchange(separator, ", ")).text(other);
    return std::move(roff).take();
}

void add_man_page_option(CLI::App& app, ManPage page) {
    const auto print = [&app, page = std::move(page)] {
        std::string text = man_page(app, page);
        text.pop_back();  // CLI::App::exit ends the line
        throw CLI::CallForVersion(text, 0);
    };
    app.add_flag_callback("--man-page", print)->group("")->configurable(false);
}

}  // namespace ringside::daemon
