#pragma once

#include <memory>
#include <string>

#include "tools/gateway/access/rate_limiter.hpp"
#include "tools/gateway/deepstream/http_api/http_api.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/server.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"
#include "tools/gateway/options.hpp"
#include "tools/gateway/rest/record_list.hpp"
#include "tools/gateway/rest/records.hpp"
#include "tools/gateway/watch/feed.hpp"
#include "tools/gateway/watch/sse_stream.hpp"
#include "tools/gateway/ws/ws_session.hpp"

namespace ringside::gateway {

/// Answers requests: authenticates the requester, checks the rights, and calls the resource.
/// Thread safety: that of the loop.
class Gateway : public Application {
public:
    Gateway(asio::io_context& loop, GridAccess& grid, const Options& options);

    Task<Response> handle(Request& request) override;
    Admission admit(const Request& head) override;
    void note(const Request* request, const Response& response,
              std::chrono::nanoseconds took) override;

    /// The server whose connections are counted. Call this before the first request.
    void set_server(Server& server) noexcept { server_ = &server; }
    /// Sets the rights for later requests, and for open streams within two seconds.
    void set_access(std::shared_ptr<const Access> access);
    /// Sets the methods for later logins of deepstream clients.
    void set_logins(std::shared_ptr<const deepstream::Logins> logins);
    /// Sets the expiry of the server's certificate, for the metrics; none without TLS.
    void set_certificate_expiry(
        std::optional<std::chrono::system_clock::time_point> expiry) noexcept {
        certificate_expiry_ = expiry;
    }
    /// Makes `/readyz` fail from now on.
    void drain() noexcept { figures_.is_draining = true; }

private:
    [[nodiscard]] Result<std::shared_ptr<const Identity>> identity_of(const Request& request) const;
    /// Returns the requester, or the error for one who is unknown or has exceeded the rate.
    [[nodiscard]] Outcome<Requester> requester_of(const Request& request);
    /// Returns the error for a request that a page of another origin made a browser send.
    [[nodiscard]] std::optional<Problem> check_origin(const Request& request) const;
    [[nodiscard]] std::optional<Problem> check_host(const Request& request) const;
    [[nodiscard]] bool is_preflight(const Request& request) const;
    Task<Response> answer(Request& request);
    Task<Response> dispatch(Request& request, const Requester& requester);
    [[nodiscard]] Response readiness();
    /// Returns the periodic check for the stream that this request opens.
    [[nodiscard]] RightsCheck rights_check_of(const Request& request);
    Task<bool> look_after();
    [[nodiscard]] Response metrics(const Request& request);
    [[nodiscard]] Response stats(const Request& request);
    void write_metrics(metrics::MetricsWriter& writer);
    [[nodiscard]] Response begin_deepstream(const Request& request);
    [[nodiscard]] Response begin_web_socket(const Request& request, const Requester& requester);
    [[nodiscard]] std::optional<Problem> check_rate(const Requester& requester,
                                                    const std::string& address);
    [[nodiscard]] Response begin_watch(const Request& request, const Requester& requester);

    GridAccess& grid_;
    const std::string grid_name_;
    GatewayFigures figures_;
    Server* server_ = nullptr;
    std::optional<std::chrono::system_clock::time_point> certificate_expiry_;
    std::shared_ptr<const Access> access_;
    std::uint64_t access_generation_ = 1;  ///< number of times it was set
    RateLimiter rate_limiter_;
    Operations operations_;
    RecordResource record_;
    RecordListResource record_list_;
    Interests interests_;
    Feed feed_;
    Feed system_feed_;
    SseStreams streams_;
    WsProviders ws_providers_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
    int seconds_ = 0;                                       ///< counter of the housekeeping
    std::unique_ptr<deepstream::Hub> deepstream_;           ///< null: clients are not served
    std::unique_ptr<deepstream::HttpApi> deepstream_http_;  ///< null: clients are not served
};

}  // namespace ringside::gateway
