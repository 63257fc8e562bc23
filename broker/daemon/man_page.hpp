#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

/// Manual pages of the programs, made from the definitions that `--help` prints.
namespace ringside::daemon {

struct ManPage {
    unsigned section = 8;
    std::string version;
    std::vector<std::string> see_also;  ///< such as "ringside(1)"
};

/// Returns the manual page of a program in the macros of man(7), in ASCII.
[[nodiscard]] std::string man_page(const CLI::App& app, const ManPage& page);

/// Adds a hidden option `--man-page` that prints the page. Like `--help`, it throws a
/// CLI::ParseError with exit status 0 while arguments are parsed, which CLI::App::exit prints.
/// REQUIRES: `app` lives until the arguments are parsed.
void add_man_page_option(CLI::App& app, ManPage page);

}  // namespace ringside::daemon
