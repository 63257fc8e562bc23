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

/// What answers requests: finds out who asks, whether they may, and what for.
/// Thread safety: that of the loop.
class Gateway : public Application {
public:
    Gateway(asio::io_context& loop, GridAccess& grid, const Options& options);

    Task<Response> handle(Request& request) override;
    Admission admit(const Request& head) override;
    void note(const Request* request, const Response& response,
              std::chrono::nanoseconds took) override;

    /// Whose connections it counts; to be said before the first request.
    void set_server(Server& server) noexcept { server_ = &server; }
    /// From the next request on, and for open streams within a second or two.
    void set_access(std::shared_ptr<const Access> access);
    /// From the next login of a deepstream client on.
    void set_logins(std::shared_ptr<const deepstream::Logins> logins);
    /// What is asked of it after this, `/readyz` says no to.
    void drain() noexcept { figures_.is_draining = true; }

private:
    [[nodiscard]] Result<std::shared_ptr<const Identity>> identity_of(const Request& request) const;
    /// By whom a request is made, or the answer to one who is not known, or asks too often.
    [[nodiscard]] Outcome<Requester> requester_of(const Request& request);
    /// The answer to a request that a page of another origin has had a browser make.
    [[nodiscard]] std::optional<Problem> check_origin(const Request& request) const;
    [[nodiscard]] std::optional<Problem> check_host(const Request& request) const;
    [[nodiscard]] bool is_preflight(const Request& request) const;
    Task<Response> answer(Request& request);
    Task<Response> dispatch(Request& request, const Requester& requester);
    [[nodiscard]] Response readiness();
    /// For the stream that this request begins.
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
    std::shared_ptr<const Access> access_;
    std::uint64_t access_generation_ = 1;  ///< counts how often it was set
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
    int seconds_ = 0;                                       ///< of its housekeeping
    std::unique_ptr<deepstream::Hub> deepstream_;           ///< null: its clients are not served
    std::unique_ptr<deepstream::HttpApi> deepstream_http_;  ///< the same
};

}  // namespace ringside::gateway
