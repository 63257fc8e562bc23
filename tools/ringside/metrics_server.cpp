#include "tools/ringside/metrics_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <memory>

#include "tools/metrics/prometheus_text.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t connections_max = 64;
constexpr std::chrono::seconds connection_time{10};
/// Pause after a failed accept: exhausted descriptors do not become free immediately.
constexpr std::chrono::milliseconds accept_pause{200};

/// Throws ringside::Exception (bad_configuration).
Tcp::endpoint endpoint_of(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::uint16_t port = 0;
    const char* const end = address.data() + address.size();
    const char* const begin = colon == std::string::npos ? end : address.data() + colon + 1;
    const auto [parsed, failed] = std::from_chars(begin, end, port);
    error_code bad_host;
    const auto parsed_host = asio::ip::make_address(host, bad_host);
    if (failed != std::errc() || parsed != end || bad_host) {
        throw Exception(
            Error(Errc::bad_configuration,
                  "--listen: '" + address + "' is not HOST:PORT; use for example 127.0.0.1:9464"));
    }
    return {parsed_host, port};
}

/// One connection with its one request. Lives until its last handler has run.
class Scrape : public std::enable_shared_from_this<Scrape> {
public:
    Scrape(Tcp::socket socket, const std::function<std::string()>& text,
           std::function<void()> on_end)
        : stream_(std::move(socket)), text_(&text), on_end_(std::move(on_end)) {}
    ~Scrape() { on_end_(); }
    Scrape(const Scrape&) = delete;
    Scrape& operator=(const Scrape&) = delete;

    void run() {
        stream_.expires_after(connection_time);
        http::async_read(stream_, buffer_, request_,
                         [self = shared_from_this()](const error_code& failed, std::size_t) {
                             if (!failed) self->answer();
                         });
    }

private:
    void answer() {
        const bool is_read =
            request_.method() == http::verb::get || request_.method() == http::verb::head;
        const std::string_view target(request_.target().data(), request_.target().size());
        const bool is_metrics = target.substr(0, target.find('?')) == "/metrics";
        response_.result(!is_read     ? http::status::method_not_allowed
                         : is_metrics ? http::status::ok
                                      : http::status::not_found);
        response_.set(http::field::content_type,
                      std::string(metrics::PrometheusText::content_type));
        response_.keep_alive(false);
        if (is_read && is_metrics) response_.body() = (*text_)();
        response_.prepare_payload();
        if (request_.method() == http::verb::head) response_.body().clear();
        http::async_write(stream_, response_,
                          [self = shared_from_this()](const error_code&, std::size_t) {
                              error_code ignored;
                              self->stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
                          });
    }

    beast::tcp_stream stream_;
    beast::flat_static_buffer<8192> buffer_;
    http::request<http::empty_body> request_;
    http::response<http::string_body> response_;
    const std::function<std::string()>* text_;
    std::function<void()> on_end_;
};

/// Accepts connections while not too many are open.
class MetricsServer : public std::enable_shared_from_this<MetricsServer> {
public:
    MetricsServer(asio::io_context& loop, const Tcp::endpoint& endpoint,
                  const std::function<std::string()>& text)
        : acceptor_(loop, endpoint), pause_(loop), text_(&text) {}
    [[nodiscard]] Tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

    void accept() {
        is_accepting_ = true;
        acceptor_.async_accept([this](const error_code& failed, Tcp::socket socket) {
            if (failed == asio::error::operation_aborted) return;
            if (failed) return accept_later();
            is_accepting_ = false;
            ++open_;
            // Connections that are open at the end outlive the server.
            const auto on_end = [server = weak_from_this()] {
                if (const auto living = server.lock()) living->ended();
            };
            std::make_shared<Scrape>(std::move(socket), *text_, on_end)->run();
            if (!is_accepting_ && open_ < connections_max) accept();
        });
    }

private:
    void accept_later() {
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](const error_code& failed) {
            if (!failed) accept();
        });
    }
    void ended() {
        --open_;
        if (!is_accepting_ && acceptor_.is_open()) accept();
    }

    Tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    const std::function<std::string()>* text_;
    std::size_t open_ = 0;
    bool is_accepting_ = false;
};

}  // namespace

void serve_metrics(const std::string& address, const std::function<std::string()>& text) {
    const Tcp::endpoint endpoint = endpoint_of(address);
    asio::io_context loop(1);
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](const error_code&, int) { loop.stop(); });
    std::shared_ptr<MetricsServer> server;
    try {
        server = std::make_shared<MetricsServer>(loop, endpoint, text);
    } catch (const boost::system::system_error& failure) {
        throw Exception(
            Error(Errc::system_error, "--listen " + address + ": " + failure.code().message()));
    }
    server->accept();
    const Tcp::endpoint bound = server->endpoint();
    const std::string host = bound.address().to_string();
    print_line("ready " + (bound.address().is_v6() ? '[' + host + ']' : host) + ':' +
                   std::to_string(bound.port()),
               true);
    loop.run();
}

}  // namespace ringside::tools
