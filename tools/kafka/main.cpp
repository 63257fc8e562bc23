#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    CLI::App app("Joins a grid to Kafka");
    app.set_version_flag("--version", "ringside-kafka " RINGSIDE_VERSION);
    CLI11_PARSE(app, argc, argv);
    return 0;
}
