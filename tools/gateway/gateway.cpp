#include "tools/gateway/gateway.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "tools/gateway/http/gzip.hpp"
#include "tools/gateway/load/memory.hpp"
#include "tools/gateway/load/spawn.hpp"
#include "tools/gateway/rest/messages.hpp"
#include "tools/gateway/rest/own_pages.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/gateway/rest/query.hpp"
#include "tools/gateway/rest/request_checks.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view all_methods = "GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS";

Problem no_such_path() {
    return {404, "no_such_path",
            "no such path; write '/' in names as %2F, or pass the name as a parameter (see "
            "docs/gateway.md)"};
}

/// Returns the host without the port: "localhost" for "localhost:8080".
std::string_view host_name(std::string_view host) noexcept {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

/// Returns whether credentials may be a parameter: browsers cannot set headers for these two
/// resources.
bool takes_access_token(const Request& request) {
    const auto& path = request.segments;
    return path.size() == 2 && path[0] == "v1" && (path[1] == "watch" || path[1] == "ws");
}

/// Takes the name of the record, subject or call: the last segment of the path, or a parameter.
/// Proxies decode paths and remove dot segments, but pass parameters unchanged.
std::optional<std::string> name_of(Request& request) {
    const auto& path = request.segments;
    if (path.size() == 3) return path[2];
    if (path[1] == "records" || path[1] == "rpc") return request.parameters.take("name");
    if (path[1] == "events") return request.parameters.take("subject");
    return std::nullopt;
}

bool is_numeric(std::string_view host) {
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    error_code failed;
    asio::ip::make_address(std::string(host), failed);
    return !failed;
}

}  // namespace

Gateway::Gateway(asio::io_context& loop, GridAccess& grid, const Options& options)
    : grid_(grid),
      grid_name_(options.grid),
      access_(options.access),
      rate_limiter_(options.access->rate_limits),
      operations_(grid, figures_),
      record_(operations_),
      record_list_(operations_),
      interests_(loop, grid.sessions()),
      feed_(grid, loop, interests_, figures_, "**"),
      system_feed_(grid, loop, interests_, figures_, "$sys/**"),
      streams_(loop, figures_),
      ws_providers_(grid, loop),
      timer_(loop.get_executor()) {
    const Executor executor = loop.get_executor();
    spawn(executor, keep_doing(executor, "housekeeping", [this] { return look_after(); }),
          "housekeeping");
    if (!options.deepstream.is_enabled()) return;
    deepstream_ = std::make_unique<deepstream::Hub>(
        loop, operations_, feed_, system_feed_, options.deepstream, options.logins,
        [this](const Identity& identity) {
            return access_->permissions_of(identity, grid_.records());
        });
    deepstream_http_ = std::make_unique<deepstream::HttpApi>(
        *deepstream_, [this](const Requester& requester, const std::string& address) {
            return check_rate(requester, address);
        });
}

void Gateway::set_logins(std::shared_ptr<const deepstream::Logins> logins) {
    if (deepstream_ != nullptr) deepstream_->set_logins(std::move(logins));
}

void Gateway::set_access(std::shared_ptr<const Access> access) {
    access_ = std::move(access);
    ++access_generation_;
    rate_limiter_.set_limits(access_->rate_limits);
    if (deepstream_ != nullptr) deepstream_->begin_generation();
}

void Gateway::note(const Request* request, const Response& response,
                   std::chrono::nanoseconds took) {
    const auto method = request == nullptr ? "OTHER" : request->message.method_string();
    figures_.requests.count({method.data(), method.size()}, response.status);
    figures_.request_duration.observe(took);
    figures_.unauthenticated += response.status == 401;
    figures_.denied += response.status == 403;
    figures_.rate_limited += response.status == 429;
    if (request == nullptr) return;
    if (!spdlog::should_log(spdlog::level::debug)) return;
    spdlog::debug("{} {} {} {} us",
                  std::string_view(request->message.method_string().data(),
                                   request->message.method_string().size()),
                  shown_target(*request), response.status, took.count() / 1000);
}

std::optional<Problem> Gateway::check_host(const Request& request) const {
    if (!access_->authenticator.is_for_everybody()) return std::nullopt;
    const std::string_view host = host_name(request.header(http::field::host));
    if (host.empty() || is_same_text(host, "localhost") || is_numeric(host)) return std::nullopt;
    // An attacker made a foreign name resolve to the gateway, so that a browser sends requests for
    // it.
    return Problem{
        421, "bad_host",
        "invalid Host for a gateway without access control; use the IP address or localhost"};
}

std::optional<Problem> Gateway::check_origin(const Request& request) const {
    const std::string_view origin = request.header(http::field::origin);
    const bool is_upgrade = !request.header(http::field::upgrade).empty();
    const auto refusal = [] {
        return Problem{403, "bad_origin", "origin is not allowed; add it to [cors]"};
    };
    if (origin.empty()) {
        if (!is_query(request) || !is_embedded_elsewhere(request)) return std::nullopt;
        return refusal();
    }
    if (request.is_read() && !is_upgrade && !is_query(request)) return std::nullopt;
    const std::size_t host = origin.find("://");
    const bool is_own = host != std::string_view::npos &&
                        is_same_text(origin.substr(host + 3), request.header(http::field::host));
    if (is_own || access_->cors.allows(origin)) return std::nullopt;
    return refusal();
}

bool Gateway::is_preflight(const Request& request) const {
    return request.method() == http::verb::options &&
           !request.header(http::field::access_control_request_method).empty();
}

Result<std::shared_ptr<const Identity>> Gateway::identity_of(const Request& request) const {
    const std::string* token =
        takes_access_token(request) ? request.parameters.find(access_token) : nullptr;
    return access_->authenticator.authenticate(
        {.authorization = request.header(http::field::authorization),
         .api_key = request.header("X-API-Key"),
         .access_token = token == nullptr ? std::string_view() : *token,
         .certificate = request.certificate},
        std::chrono::system_clock::now());
}

/// Clients of deepstream's HTTP API log in through the body.
Admission Gateway::admit(const Request& head) {
    if (deepstream_http_ != nullptr && deepstream_http_->serves(head.path())) return {};
    const auto identity = identity_of(head);
    if (identity) {
        const Requester requester{*identity, nullptr, head.peer.address().to_string()};
        return {.problem = {}, .account = requester.account()};
    }
    spdlog::info("{} not authenticated: {}", head.peer.address().to_string(),
                 identity.error().detail);
    return {.problem = Problem{401, "unauthenticated", "missing or invalid credentials"}};
}

Outcome<Requester> Gateway::requester_of(const Request& request) {
    const auto identity = identity_of(request);
    const std::string address = request.peer.address().to_string();
    if (!identity) {
        spdlog::info("{} not authenticated: {}", address, identity.error().detail);
        return Problem{401, "unauthenticated", "missing or invalid credentials"};
    }
    Requester requester{*identity, access_->permissions_of(**identity, grid_.records()), address};
    if (auto problem = check_rate(requester, address)) return *std::move(problem);
    return requester;
}

RightsCheck Gateway::rights_check_of(const Request& request) {
    const std::string* token =
        takes_access_token(request) ? request.parameters.find(access_token) : nullptr;
    const std::string held_token = token == nullptr ? std::string() : *token;
    std::optional<ClientCertificate> certificate;
    if (request.certificate != nullptr) certificate = *request.certificate;
    return [this, authorization = std::string(request.header(http::field::authorization)),
            api_key = std::string(request.header("X-API-Key")), held_token,
            certificate = std::move(certificate),
            generation = access_generation_](Requester& requester) mutable {
        const auto identity = access_->authenticator.authenticate(
            {.authorization = authorization,
             .api_key = api_key,
             .access_token = held_token,
             .certificate = certificate ? &*certificate : nullptr},
            std::chrono::system_clock::now());
        if (!identity || (*identity)->user != requester.identity->user) {
            spdlog::info(
                "stream of '{}' closed: {}", requester.identity->user,
                identity ? "credentials now belong to another user" : identity.error().detail);
            return Rights::ended;
        }
        if (std::exchange(generation, access_generation_) == access_generation_) {
            return Rights::unchanged;
        }
        requester.identity = *identity;
        requester.permissions = access_->permissions_of(**identity, grid_.records());
        return Rights::changed;
    };
}

Task<bool> Gateway::look_after() {
    timer_.expires_after(std::chrono::seconds(1));
    const auto [failed] = co_await timer_.async_wait(use_task);
    if (failed) co_return false;
    record_list_.shelf().release_expired();
    spdlog::default_logger()->flush();  // writes the counts of folded lines that are due
    constexpr int seconds_between_looks = 5;
    if (++seconds_ % seconds_between_looks == 0 && should_release(heap_use())) {
        grid_.do_in_background([] { release_free_memory(); });
    }
    co_return true;
}

std::optional<Problem> Gateway::check_rate(const Requester& requester, const std::string& address) {
    const Identity& identity = *requester.identity;
    const auto wait = rate_limiter_.take(identity.is_anonymous ? address : identity.user,
                                         identity.user, std::chrono::steady_clock::now());
    if (!wait) return std::nullopt;
    return Problem{
        429, "rate_limited", "request rate limit exceeded; retry after the time in Retry-After",
        std::max(std::chrono::ceil<std::chrono::seconds>(*wait), std::chrono::seconds(1))};
}

Task<Response> Gateway::handle(Request& request) {
    const std::string origin(request.header(http::field::origin));
    const bool is_asked_before = is_preflight(request);
    const auto access = access_;  // used for the whole request, even if it is replaced meanwhile
    Response response = co_await answer(request);
    for (const auto& [name, value] :
         is_asked_before ? access->cors.preflight(origin) : access->cors.simple(origin)) {
        if (name == "Vary") response.vary += (response.vary.empty() ? "" : ", ") + value;
        else response.add(name, value);
    }
    constexpr std::size_t large = 256U << 10;  // takes long enough to delay others
    if (response.body.size() > large && is_to_be_compressed(request, response)) {
        auto task = [body = response.body]() mutable { return gzip(std::move(body)); };
        const std::string address = request.peer.address().to_string();
        // If too much waits, the response is sent uncompressed.
        if (grid_.compressions().refuse(address)) {
            response.is_compressed_already = true;
        } else {
            auto compressed = co_await grid_.compressions().run(address, std::move(task));
            set_compressed(response, std::move(compressed));
        }
    }
    co_return response;
}

Task<Response> Gateway::answer(Request& request) {
    if (auto problem = check_host(request)) co_return Response::of(*problem);
    if (auto problem = check_fields(request)) co_return Response::of(*problem);
    if (is_preflight(request)) co_return Response{.status = 204};
    if (auto problem = check_origin(request)) co_return Response::of(*problem);
    if (request.path() == "*") co_return other_method(request, all_methods);
    if (auto refusal = check_content(request)) co_return *std::move(refusal);
    const auto& path = request.segments;
    if (path.size() == 1 && path[0] == "healthz") co_return Response::json(R"({"status":"ok"})");
    if (path.size() == 1 && path[0] == "readyz") co_return readiness();
    if (auto page = own_page(request)) co_return *std::move(page);
    if (deepstream_ != nullptr && request.path() == deepstream_->options.path) {
        co_return begin_deepstream(request);
    }
    if (deepstream_http_ != nullptr && deepstream_http_->serves(request.path())) {
        co_return co_await deepstream_http_->handle(request);
    }
    const auto requester = requester_of(request);
    if (!requester) co_return Response::of(requester.error());
    co_return co_await dispatch(request, *requester);
}

Task<Response> Gateway::dispatch(Request& request, const Requester& requester) {
    const auto& path = request.segments;
    if (path.size() == 1 && path[0] == "metrics") co_return metrics(request);
    if (path.size() < 2 || path.size() > 3 || path[0] != "v1") {
        co_return Response::of(no_such_path());
    }
    const std::string& what = path[1];
    if (what == "stats" && path.size() == 2) co_return stats(request);
    if (grid_.is_attaching()) co_await grid_.await_reader();
    if (request.method() == http::verb::post) {
        if (auto problem = refuse_conditions(request)) co_return Response::of(*problem);
    }
    const auto named = name_of(request);
    if (named) {
        const std::string& name = *named;
        if (what == "records") co_return co_await record_.handle(request, requester, name);
        if (what == "events") {
            co_return co_await handle_event(operations_, request, requester, name);
        }
        if (what == "rpc") co_return co_await handle_call(operations_, request, requester, name);
    } else {
        if (what == "records") co_return co_await record_list_.handle(request, requester);
        if (what == "transactions") {
            co_return co_await handle_transaction(operations_, request, requester);
        }
        if (what == "query") co_return co_await handle_query(operations_, request, requester);
        if (what == "watch") co_return begin_watch(request, requester);
        if (what == "ws") co_return begin_web_socket(request, requester);
    }
    co_return Response::of(no_such_path());
}

}  // namespace ringside::gateway
