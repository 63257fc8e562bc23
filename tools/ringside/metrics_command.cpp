#include <CLI/CLI.hpp>
#include <memory>

#include "shm/segment/segment.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/kafka_metrics.hpp"
#include "tools/metrics/prometheus_text.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/metrics_server.hpp"

namespace ringside::tools {

namespace {

/// What the sources and sinks of Kafka report is in records, which a dead broker leaves, too.
void write_kafka(metrics::MetricsWriter& writer, const std::string& grid) {
    for (const bool is_offline : {false, true}) {
        const auto client = Client::attach({.grid = grid,
                                            .program = "ringside",
                                            .timeout = std::chrono::milliseconds(0),
                                            .offline = is_offline});
        if (!client) continue;
        if (const auto snapshot = client->snapshot()) {
            metrics::write_kafka_metrics(writer, *snapshot);
        }
        return;
    }
}

std::string figures_of(const std::string& grid) {
    metrics::PrometheusText text;
    metrics::write_grid_metrics(text, grid);
    write_kafka(text, grid);
    return std::move(text).finish();
}

}  // namespace

void add_metrics_command(CLI::App& app, Context& context) {
    auto listen = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "metrics",
        "Print the figures of the grid in Prometheus' format (also works when the broker is down)");
    command->add_option("--listen", *listen,
                        "Serve them at http://HOST:PORT/metrics instead, until SIGTERM");
    command->footer(
        "For a node exporter: ringside -g onsale metrics > textfile/ringside.prom\n"
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
