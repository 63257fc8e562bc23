#include <CLI/CLI.hpp>
#include <memory>

#include "shm/segment/segment.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/prometheus_text.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/metrics_server.hpp"

namespace ringside::tools {

namespace {

std::string figures_of(const std::string& grid) {
    metrics::PrometheusText text;
    metrics::write_grid_metrics(text, grid);
    return std::move(text).finish();
}

}  // namespace

void add_metrics_command(CLI::App& app, Context& context) {
    auto listen = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "metrics",
        "Print metrics in Prometheus format (also works when the broker hangs or is down)");
    command->add_option("--listen", *listen,
                        "Serve the metrics at http://HOST:PORT/metrics until SIGTERM");
    command->footer(
        "For the node exporter: ringside -g onsale metrics > textfile/ringside.prom\n"
        "Example: ringside -g onsale metrics --listen 127.0.0.1:9464");
    command->callback([&context, listen] {
        const auto text = [&context] { return figures_of(context.grid); };
        if (!listen->empty()) return serve_metrics(*listen, text);
        static_cast<void>(shm::Segment::open(context.grid).value());
        const std::string figures = text();
        print_line(std::string_view(figures).substr(0, figures.size() - 1));
    });
}

}  // namespace ringside::tools
