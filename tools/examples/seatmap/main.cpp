#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tools/examples/seatmap/seatmap.hpp"

int main(int argc, char** argv) {
    using namespace ringside::seatmap;
    CLI::App app("Simulate seat maps that are computed only while they are watched",
                 "ringside-seatmap");
    std::string grid = "default";
    app.add_option("-g,--grid", grid, "Grid name")->envname("RINGSIDE_GRID");
    const auto* feed = app.add_subcommand("feed", "Run only the feed, until SIGTERM");
    CLI11_PARSE(app, argc, argv);
    try {
        if (feed->parsed()) return play_feed(grid);
        return play_show(grid);
    } catch (const ringside::Exception& failure) {
        fmt::print(stderr, "ringside-seatmap: {}\nstart a broker with: ringside-broker --grid {}\n",
                   failure.what(), grid);
        return 3;
    }
}
