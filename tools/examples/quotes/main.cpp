#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tools/examples/quotes/quotes.hpp"

int main(int argc, char** argv) {
    using namespace ringside::quotes;
    CLI::App app("Simulate a price service that scales from one to three providers and back",
                 "ringside-quotes");
    std::string grid = "default";
    app.add_option("-g,--grid", grid, "Grid name")->envname("RINGSIDE_GRID");
    const auto* provider = app.add_subcommand("provider", "Answer calls only, until SIGTERM");
    const auto* caller = app.add_subcommand("caller", "Call only, at the rate in `quotes/demand`");
    CLI11_PARSE(app, argc, argv);
    try {
        if (provider->parsed()) return play_provider(grid);
        if (caller->parsed()) return play_caller(grid);
        return play_show(grid);
    } catch (const ringside::Exception& failure) {
        fmt::print(stderr, "ringside-quotes: {}\nstart a broker with: ringside-broker --grid {}\n",
                   failure.what(), grid);
        return 3;
    }
}
