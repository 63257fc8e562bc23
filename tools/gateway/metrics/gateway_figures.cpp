#include "tools/gateway/metrics/gateway_figures.hpp"

#include <algorithm>

namespace ringside::gateway {

namespace {

void write_connections(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.gauge("ringside_gateway_connections", "Connections that are open.",
                 figures.connections_open);
    writer.gauge("ringside_gateway_connections_limit", "How many may be.", figures.connections_max);
    writer.counter("ringside_gateway_connections_accepted_total", "Connections that were accepted.",
                   figures.connections_accepted);
    writer.counter("ringside_gateway_connections_refused_total",
                   "Connections that were refused because too many were open.",
                   figures.connections_refused);
    writer.counter("ringside_gateway_connections_late_total",
                   "Connections that were ended because they missed a deadline.",
                   figures.connections_late);
    writer.gauge("ringside_gateway_websockets", "WebSockets that are open.",
                 figures.websockets_open);
    writer.counter("ringside_gateway_websocket_messages_total", "Messages from WebSockets.",
                   figures.websocket_messages);
    writer.counter("ringside_gateway_received_bytes_total", "Bytes from clients.",
                   figures.bytes_received);
    writer.counter("ringside_gateway_sent_bytes_total", "Bytes to clients.", figures.bytes_sent);
}

void write_requests(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.family("ringside_gateway_requests_total", metrics::MetricType::counter,
                  "Requests that were answered, by method and class of status.");
    figures.requests.write(writer);
    writer.family("ringside_gateway_request_duration_seconds", metrics::MetricType::histogram,
                  "From the end of a request to its answer.");
    figures.request_duration.write(writer);
    writer.counter("ringside_gateway_unauthenticated_total",
                   "Requests with no or bad credentials (401).", figures.unauthenticated);
    writer.counter("ringside_gateway_denied_total", "Requests that were not permitted (403).",
                   figures.denied);
    writer.counter("ringside_gateway_rate_limited_total",
                   "Requests of users who ask too often (429).", figures.rate_limited);
    writer.counter("ringside_gateway_logins_slowed_total",
                   "Logins of deepstream's clients that were delayed or refused unseen, because "
                   "others had failed.",
                   figures.logins_slowed);
}

void write_operations(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.family("ringside_gateway_operations_total", metrics::MetricType::counter,
                  "What was done for clients, over HTTP and WebSockets.");
    const auto operation = [&](std::string_view kind, std::uint64_t count) {
        writer.sample({{"operation", kind}}, count);
    };
    operation("read", figures.reads);
    operation("write", figures.writes);
    operation("publish", figures.publications);
    operation("query", figures.queries);
    operation("call", figures.calls);
    writer.gauge("ringside_gateway_providers", "Providers behind WebSockets.", figures.providers);
}

void write_shares(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.family("ringside_gateway_work_running", metrics::MetricType::gauge,
                  "Work that threads of the gateway are doing, by kind.");
    for (const auto& work : figures.work) writer.sample({{"kind", work.kind}}, work.running);
    writer.family("ringside_gateway_work_waiting", metrics::MetricType::gauge,
                  "Work that waits for a thread, by kind.");
    for (const auto& work : figures.work) writer.sample({{"kind", work.kind}}, work.waiting);
    writer.family("ringside_gateway_work_refused_total", metrics::MetricType::counter,
                  "Work that was refused because too much was waiting, by kind.");
    for (const auto& work : figures.work) writer.sample({{"kind", work.kind}}, work.refused);
    writer.gauge("ringside_gateway_bodies_bytes", "Memory of request bodies.",
                 figures.bodies_bytes);
    writer.gauge("ringside_gateway_bodies_limit_bytes", "How much it may be.",
                 figures.bodies_bytes_max);
    writer.gauge("ringside_gateway_streams_bytes",
                 "Memory of messages and changes of WebSockets and streams of events.",
                 figures.streams_bytes);
    writer.gauge("ringside_gateway_streams_limit_bytes", "How much it may be.",
                 figures.streams_bytes_max);
    writer.counter("ringside_gateway_streams_refused_total",
                   "Times that a WebSocket needed more of this memory than was left.",
                   figures.streams_bytes_refused);
}

void write_watching(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.gauge("ringside_gateway_watches", "Watches that are open.", figures.watches);
    writer.gauge("ringside_gateway_watches_behind", "Watches whose clients do not keep up.",
                 figures.watches_behind);
    writer.counter("ringside_gateway_changes_sent_total", "Changes and events sent to watches.",
                   figures.changes_sent);
    writer.counter("ringside_gateway_watches_fell_behind_total",
                   "Times that a watch fell behind: its client did not keep up.",
                   figures.watches_fell_behind);
    writer.counter("ringside_gateway_watches_lagged_total",
                   "Times that a watch was told that changes were missed.", figures.watches_lagged);
}

}  // namespace

void RequestCounts::count(std::string_view method, unsigned status) noexcept {
    const auto known = std::find(methods.begin(), methods.end(), method);
    const std::size_t row = known == methods.end()
                                ? methods.size() - 1
                                : static_cast<std::size_t>(known - methods.begin());
    const unsigned leading = status / 100;
    ++counts_[row][leading >= 1 && leading <= classes.size() ? leading - 1 : classes.size() - 1];
}

void RequestCounts::write(metrics::MetricsWriter& writer) const {
    for (std::size_t method = 0; method < methods.size(); ++method) {
        for (std::size_t status = 0; status < classes.size(); ++status) {
            // Forty lines, most of which would be 0 for ever, are left out until they count.
            if (counts_[method][status] == 0) continue;
            writer.sample({{"method", methods[method]}, {"status", classes[status]}},
                          counts_[method][status]);
        }
    }
}

void write_gateway_metrics(metrics::MetricsWriter& writer, const GatewayFigures& figures,
                           std::string_view version) {
    writer.family("ringside_gateway_info", metrics::MetricType::gauge,
                  "Which release this is; always 1.");
    writer.sample({{"version", version}}, std::uint64_t{1});
    writer.gauge("ringside_gateway_start_timestamp_seconds", "When it was started, Unix time.",
                 std::chrono::duration<double>(figures.started.time_since_epoch()).count());
    writer.gauge("ringside_gateway_draining", "1 while it is being ended.",
                 std::uint64_t{figures.is_draining});
    write_connections(writer, figures);
    write_requests(writer, figures);
    write_operations(writer, figures);
    write_shares(writer, figures);
    write_watching(writer, figures);
}

}  // namespace ringside::gateway
