#include "tools/gateway/deepstream/login/web_post.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

namespace {

namespace http = boost::beast::http;

using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

Error failed_at(const char* what, error_code failed) {
    return {Errc::system_error, std::string(what) + ": " + failed.message()};
}

http::request<http::string_body> request_of(const WebServer& server, WebPost& post) {
    http::request<http::string_body> request(http::verb::post, server.target, 11);
    for (const auto& [name, value] : post.headers) request.set(name, value);
    request.set(http::field::host, server.authority);
    request.set(http::field::user_agent, "ringside-gateway");
    request.set(http::field::accept, "application/json");
    request.set(http::field::content_type, "application/json; charset=utf-8");
    request.keep_alive(false);
    request.body() = std::move(post.body);
    request.prepare_payload();
    return request;
}

/// One request and its response. Two coroutines share it: the one that carries it out and the one
/// that waits for it. After the deadline, the first one ends as soon as possible.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(const Executor& loop, std::shared_ptr<const WebServer> server, WebPost post)
        : server_(std::move(server)),
          request_(request_of(*server_, post)),
          held_(std::move(post.held)),
          stream_(Socket(loop), server_->tls.get()),
          deadline_(loop) {
        parser_.body_limit(login_limits::answer_bytes_max);
        parser_.header_limit(login_limits::answer_header_bytes_max);
    }

    Task<Result<WebAnswer>> wait(std::chrono::milliseconds time) {
        const Waiter waiter(shared_from_this());
        deadline_.expires_after(time);
        spawn(stream_.get_executor(), run(), "a webhook");
        while (!is_done_ && !is_late_) {
            const auto [cancelled] = co_await deadline_.async_wait(use_task);
            is_late_ = !cancelled;
        }
        if (is_done_) co_return std::move(outcome_);
        co_return Error(Errc::timed_out, "no answer in time");
    }

private:
    /// Ends the exchange if the waiting coroutine ends for any reason.
    struct Waiter {
        std::shared_ptr<Exchange> exchange;

        explicit Waiter(std::shared_ptr<Exchange> waited_for) : exchange(std::move(waited_for)) {}
        ~Waiter() { exchange->give_up(); }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
    };

    void give_up() {
        if (is_done_) return;
        is_late_ = true;
        error_code ignored;  // The socket is discarded in any case.
        stream_.socket().close(ignored);
    }

    Task<void> run() {
        const auto self = shared_from_this();
        outcome_ = co_await exchange();
        is_done_ = true;
        deadline_.cancel();
    }

    Task<Result<WebAnswer>> exchange() {
        if (auto failed = co_await connect(); failed.code != Errc::ok) co_return failed;
        const auto [not_sent, sent] = co_await http::async_write(stream_, request_, use_task);
        if (not_sent) co_return failed_at("cannot send the request", not_sent);
        const auto [not_read, read] =
            co_await http::async_read(stream_, buffer_, parser_, use_task);
        if (not_read) co_return failed_at("cannot read the answer", not_read);
        auto answer = parser_.release();
        co_return WebAnswer{.status = answer.result_int(),
                            .content_type = std::string(answer[http::field::content_type]),
                            .body = std::move(answer.body())};
    }

    /// Returns Errc::ok if connected. (GCC 12 reports a variable without a value in a Result<void>
    /// here.)
    Task<Error> connect() {
        Resolver resolver(stream_.get_executor());
        const auto [not_found, endpoints] =
            co_await resolver.async_resolve(server_->host, server_->port, use_task);
        if (not_found) co_return failed_at("cannot resolve the host", not_found);
        // Connecting would open the socket again.
        if (is_late_) co_return Error(Errc::timed_out);
        const auto [not_reached, endpoint] =
            co_await asio::async_connect(stream_.socket(), endpoints, use_task);
        if (not_reached) co_return failed_at("cannot connect", not_reached);
        if (stream_.tls() == nullptr) co_return Error();
        // Addresses are not sent as server names (RFC 6066, 3).
        error_code is_name;
        asio::ip::make_address(server_->host, is_name);
        if (is_name &&
            SSL_set_tlsext_host_name(stream_.tls()->native_handle(), server_->host.c_str()) != 1) {
            co_return Error(Errc::system_error, "invalid host name for TLS");
        }
        const auto [not_trusted] =
            co_await stream_.tls()->async_handshake(ssl::stream_base::client, use_task);
        if (not_trusted) co_return failed_at("TLS", not_trusted);
        co_return Error();
    }

    const std::shared_ptr<const WebServer> server_;
    const http::request<http::string_body> request_;
    const std::shared_ptr<const void> held_;
    Stream stream_;
    Timer deadline_;
    boost::beast::flat_buffer buffer_{login_limits::answer_header_bytes_max +
                                      login_limits::answer_bytes_max};
    http::response_parser<http::string_body> parser_;
    Result<WebAnswer> outcome_ = Error(Errc::system_error, "ended before an answer");
    bool is_done_ = false;
    bool is_late_ = false;
};

}  // namespace

Task<Result<WebAnswer>> post_json(std::shared_ptr<const WebServer> server, WebPost post,
                                  std::chrono::milliseconds time) {
    const Executor loop = co_await asio::this_coro::executor;
    const auto exchange = std::make_shared<Exchange>(loop, std::move(server), std::move(post));
    co_return co_await exchange->wait(time);
}

}  // namespace ringside::gateway::deepstream
