#include "tools/gateway/metrics/gateway_figures.hpp"

#include <algorithm>

namespace ringside::gateway {

namespace {

void write_connections(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.gauge("ringside_gateway_connections", "Open connections.", figures.connections_open);
    writer.gauge("ringside_gateway_connections_limit", "Limit of open connections.",
                 figures.connections_max);
    writer.counter("ringside_gateway_connections_accepted_total", "Accepted connections.",
                   figures.connections_accepted);
    writer.counter("ringside_gateway_connections_refused_total",
                   "Connections refused because of the limit.", figures.connections_refused);
    writer.counter("ringside_gateway_connections_late_total",
                   "Connections closed because they missed a deadline.", figures.connections_late);
    writer.gauge("ringside_gateway_websockets", "Open WebSockets.", figures.websockets_open);
    writer.counter("ringside_gateway_websocket_messages_total", "Messages from WebSockets.",
                   figures.websocket_messages);
    writer.counter("ringside_gateway_received_bytes_total", "Bytes received from clients.",
                   figures.bytes_received);
    writer.counter("ringside_gateway_sent_bytes_total", "Bytes sent to clients.",
                   figures.bytes_sent);
}

void write_requests(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.family("ringside_gateway_requests_total", metrics::MetricType::counter,
                  "Requests answered, by method and status class.");
    figures.requests.write(writer);
    writer.family("ringside_gateway_request_duration_seconds", metrics::MetricType::histogram,
                  "Time from the end of a request to its answer.");
    figures.request_duration.write(writer);
    writer.counter("ringside_gateway_unauthenticated_total",
                   "Requests without valid credentials (401).", figures.unauthenticated);
    writer.counter("ringside_gateway_denied_total", "Requests denied by access rules (403).",
                   figures.denied);
    writer.counter("ringside_gateway_rate_limited_total",
                   "Requests over the user's rate limit (429).", figures.rate_limited);
    writer.counter(
        "ringside_gateway_logins_slowed_total",
        "Logins of deepstream clients delayed or refused unchecked after other failed logins.",
        figures.logins_slowed);
}

void write_operations(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.family("ringside_gateway_operations_total", metrics::MetricType::counter,
                  "Operations for clients, over HTTP and WebSockets.");
    const auto operation = [&](std::string_view kind, std::uint64_t count) {
        writer.sample({{"operation", kind}}, count);
    };
    operation("read", figures.reads);
    operation("write", figures.writes);
    operation("publish", figures.publications);
    operation("query", figures.queries);
    operation("call", figures.calls);
    writer.gauge("ringside_gateway_providers", "Providers connected over WebSockets.",
                 figures.providers);
}

void write_work(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    using Work = GatewayFigures::Work;
    const auto family = [&](std::string_view name, metrics::MetricType type, std::string_view help,
                            const auto& value) {
        writer.family(name, type, help);
        for (const Work& work : figures.work) {
            writer.sample({{"kind", work.kind}}, std::uint64_t{value(work)});
        }
    };
    const auto gauge = metrics::MetricType::gauge;
    family("ringside_gateway_work_running", gauge,
           "Work running on threads of the gateway, by kind.",
           [](const Work& work) { return work.running; });
    family("ringside_gateway_work_waiting", gauge, "Work waiting for a thread, by kind.",
           [](const Work& work) { return work.waiting; });
    family("ringside_gateway_work_refused_total", metrics::MetricType::counter,
           "Work refused because too much was waiting, by kind.",
           [](const Work& work) { return work.refused; });
    family("ringside_gateway_work_threads_limit", gauge, "Limit of threads, by kind of work.",
           [](const Work& work) { return work.limits.threads; });
    family("ringside_gateway_work_threads_per_user_limit", gauge,
           "Limit of threads that one user can occupy, by kind of work.",
           [](const Work& work) { return work.limits.threads_per_user; });
    family("ringside_gateway_work_waiting_limit", gauge, "Limit of waiting work, by kind.",
           [](const Work& work) { return work.limits.waiting_max; });
    family("ringside_gateway_work_waiting_per_user_limit", gauge,
           "Limit of one user's waiting work, by kind.",
           [](const Work& work) { return work.limits.waiting_per_user_max; });
}

void write_memory(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    const MemoryLimits& limits = figures.memory;
    const auto limit = [&](std::string_view name, std::string_view help, std::size_t bytes) {
        writer.gauge(name, help, std::uint64_t{bytes});
    };
    writer.gauge("ringside_gateway_bodies_bytes", "Memory used by request bodies.",
                 figures.bodies_bytes);
    limit("ringside_gateway_bodies_limit_bytes", "Limit of the memory of request bodies.",
          limits.bodies);
    limit("ringside_gateway_bodies_per_user_limit_bytes",
          "Limit of the memory of one user's request bodies.", limits.bodies_per_user);
    writer.counter("ringside_gateway_bodies_refused_total",
                   "Times that a request body exceeded the memory limit of request bodies.",
                   figures.bodies_bytes_refused);
    writer.gauge("ringside_gateway_stranger_bodies_bytes",
                 "Memory used by request bodies of unauthenticated clients.",
                 figures.stranger_bodies_bytes);
    limit("ringside_gateway_stranger_bodies_limit_bytes",
          "Limit of the memory of request bodies of unauthenticated clients.",
          limits.stranger_bodies);
    limit("ringside_gateway_stranger_bodies_per_address_limit_bytes",
          "Limit of the memory of request bodies of one address's unauthenticated clients.",
          limits.stranger_bodies_per_address);
    writer.gauge("ringside_gateway_streams_bytes",
                 "Memory used by messages and changes of WebSockets and event streams.",
                 figures.streams_bytes);
    limit("ringside_gateway_streams_limit_bytes",
          "Limit of the memory of WebSockets and event streams.", limits.streams);
    limit("ringside_gateway_streams_per_user_limit_bytes",
          "Limit of the memory of one user's WebSockets and event streams.",
          limits.streams_per_user);
    writer.counter("ringside_gateway_streams_refused_total",
                   "Times that a WebSocket exceeded the memory limit of WebSockets and event "
                   "streams.",
                   figures.streams_bytes_refused);
    writer.gauge("ringside_gateway_requests_waiting_for_grid",
                 "Requests waiting for a session with a restarted grid.",
                 figures.requests_waiting_for_grid);
}

void write_login_limits(metrics::MetricsWriter& writer, const LoginLimits& limits) {
    const std::array<std::pair<std::string_view, const FailureLimit*>, 3> all = {
        {{"user_and_address", &limits.of_user_at_address},
         {"user", &limits.of_user},
         {"address", &limits.of_address}}};
    writer.family("ringside_gateway_login_failures_limit", metrics::MetricType::gauge,
                  "Failed logins of deepstream clients beyond which logins are slowed.");
    for (const auto& [by, limit] : all) writer.sample({{"by", by}}, std::uint64_t{limit->burst});
    writer.family("ringside_gateway_login_failures_forgotten_per_minute",
                  metrics::MetricType::gauge, "Failed logins that are forgotten per minute.");
    for (const auto& [by, limit] : all) {
        writer.sample({{"by", by}}, std::uint64_t{limit->forgotten_per_minute});
    }
    writer.gauge("ringside_gateway_login_pause_seconds", "Delay of a login that is slowed.",
                 std::chrono::duration<double>(limits.pause).count());
    writer.gauge("ringside_gateway_logins_per_address_limit",
                 "Logins of one address that are decided at a time.",
                 std::uint64_t{limits.deciding_per_address});
    writer.gauge("ringside_gateway_logins_waiting_per_address_limit",
                 "Logins of one address that can wait.", std::uint64_t{limits.waiting_per_address});
}

void write_watching(metrics::MetricsWriter& writer, const GatewayFigures& figures) {
    writer.gauge("ringside_gateway_watches", "Open watches.", figures.watches);
    writer.gauge("ringside_gateway_watches_behind", "Watches whose clients do not keep up.",
                 figures.watches_behind);
    writer.counter("ringside_gateway_changes_sent_total", "Changes and events sent to watches.",
                   figures.changes_sent);
    writer.counter("ringside_gateway_watches_fell_behind_total",
                   "Times that a watch fell behind: its client did not keep up.",
                   figures.watches_fell_behind);
    writer.counter("ringside_gateway_watches_lagged_total",
                   "Times that a watch was notified of missed changes.", figures.watches_lagged);
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
            // Most of the forty lines would always be 0, so they are left out until they count.
            if (counts_[method][status] == 0) continue;
            writer.sample({{"method", methods[method]}, {"status", classes[status]}},
                          counts_[method][status]);
        }
    }
}

void write_gateway_metrics(metrics::MetricsWriter& writer, const GatewayFigures& figures,
                           std::string_view version) {
    writer.family("ringside_gateway_info", metrics::MetricType::gauge,
                  "Release and build; always 1.");
    writer.sample({{"version", version}}, std::uint64_t{1});
    writer.gauge("ringside_gateway_start_timestamp_seconds", "Start time, Unix time.",
                 std::chrono::duration<double>(figures.started.time_since_epoch()).count());
    writer.gauge("ringside_gateway_draining", "1 while the gateway is shutting down.",
                 std::uint64_t{figures.is_draining});
    write_connections(writer, figures);
    write_requests(writer, figures);
    write_operations(writer, figures);
    write_work(writer, figures);
    write_memory(writer, figures);
    write_login_limits(writer, figures.login_limits);
    write_watching(writer, figures);
}

}  // namespace ringside::gateway
