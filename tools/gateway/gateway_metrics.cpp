#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>

#include "tools/gateway/gateway.hpp"
#include "tools/gateway/metrics/grid_health.hpp"
#include "tools/gateway/metrics/metrics_json.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/metrics/grid_metrics.hpp"
#include "tools/metrics/prometheus_text.hpp"

/// The gateway's reports about itself: health, metrics and statistics.
namespace ringside::gateway {

Response Gateway::readiness() {
    if (figures_.is_draining) {
        return Response::of(
            {503, "draining", "the gateway is shutting down", std::chrono::seconds(1)});
    }
    if (const auto problem = grid_problem(grid_name_)) return Response::of(*problem);
    if (!grid_.reader().is_connected()) {
        return Response::of(
            {503, "no_broker", "no answer from the grid's broker", std::chrono::seconds(1)});
    }
    if (feed_.is_late() || system_feed_.is_late()) {
        return Response::of({503, "catching_up", "the gateway is behind the grid; try again later",
                             std::chrono::seconds(1)});
    }
    return Response::json(R"({"status":"ready"})");
}

void Gateway::write_metrics(metrics::MetricsWriter& writer) {
    const ServerCounts& counts = server_->counts();
    figures_.connections_open = counts.connections_open;
    figures_.connections_max = server_->limits().connections;
    figures_.connections_accepted = counts.connections_accepted;
    figures_.connections_refused = counts.connections_refused;
    figures_.connections_late = counts.connections_late;
    figures_.bytes_received = counts.bytes_received;
    figures_.bytes_sent = counts.bytes_sent;
    figures_.providers = ws_providers_.count();
    figures_.watches = feed_.subscriptions() + system_feed_.subscriptions();
    figures_.watches_behind = feed_.behind() + system_feed_.behind();
    figures_.work.clear();
    for (const WorkPool* pool : grid_.pools()) {
        const WorkCounts& work = pool->counts();
        figures_.work.push_back(
            {pool->kind(), work.running, work.waiting, work.refused, pool->limits()});
    }
    if (deepstream_ != nullptr) {
        figures_.logins_slowed = deepstream_->desk().slowed();
        figures_.login_limits = deepstream_->desk().limits();
    }
    figures_.memory = server_->limits().memory;
    figures_.bodies_bytes = server_->bodies().used();
    figures_.bodies_bytes_refused = server_->bodies().refused();
    figures_.stranger_bodies_bytes = server_->bodies().strangers_used();
    figures_.streams_bytes = server_->stream_memory().used();
    figures_.streams_bytes_refused = server_->stream_memory().refused();
    figures_.requests_waiting_for_grid = grid_.delayed_requests();
    metrics::write_grid_metrics(writer, grid_name_, {{"ringside-gateway", getpid()}});
    write_gateway_metrics(writer, figures_, RINGSIDE_VERSION);
    if (!certificate_expiry_) return;
    writer.gauge("ringside_gateway_certificate_expiry_timestamp_seconds",
                 "Expiry of the TLS certificate, as Unix time.",
                 std::chrono::duration<double>(certificate_expiry_->time_since_epoch()).count());
}

Response Gateway::metrics(const Request& request) {
    if (!request.is_read()) return other_method(request, "GET, HEAD, OPTIONS");
    metrics::PrometheusText text;
    write_metrics(text);
    return {.content_type = metrics::PrometheusText::content_type,
            .body = std::move(text).finish()};
}

Response Gateway::stats(const Request& request) {
    if (!request.is_read()) return other_method(request, "GET, HEAD, OPTIONS");
    if (auto problem = check_parameters(request, {})) return Response::of(*problem);
    MetricsJson text;
    write_metrics(text);
    Response response = Response::json(std::move(text).finish());
    response.add("Cache-Control", "no-store");
    return response;
}

}  // namespace ringside::gateway
