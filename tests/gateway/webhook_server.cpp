#include "tests/gateway/webhook_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace ringside::testing {

using gateway::use_task;

WebhookServer::WebhookServer(boost::asio::io_context& loop,
                             std::shared_ptr<gateway::ssl::context> tls)
    : state_(new State{
          .tls = std::move(tls),
          .acceptor = {loop.get_executor(), {boost::asio::ip::address_v4::loopback(), 0}}}),
      port_(state_->acceptor.local_endpoint().port()) {
    boost::asio::co_spawn(loop.get_executor(), accept(state_), boost::asio::detached);
}

WebhookServer::~WebhookServer() { stop(); }

void WebhookServer::stop() { state_->acceptor.close(); }

std::string WebhookServer::url(const std::string& host, const std::string& target) const {
    const std::string scheme = state_->tls == nullptr ? "http://" : "https://";
    return scheme + host + ":" + std::to_string(port_) + target;
}

void WebhookServer::answer(int status, const std::string& type, const std::string& body) {
    answer("HTTP/1.1 " + std::to_string(status) + " X\r\n" +
           (type.empty() ? "" : "Content-Type: " + type + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

gateway::Task<void> WebhookServer::accept(std::shared_ptr<State> state) {
    while (state->acceptor.is_open()) {
        auto [failed, socket] = co_await state->acceptor.async_accept(use_task);
        if (failed) co_return;
        boost::asio::co_spawn(state->acceptor.get_executor(), serve(state, std::move(socket)),
                              boost::asio::detached);
    }
}

gateway::Task<void> WebhookServer::serve(std::shared_ptr<State> state, gateway::Socket socket) {
    ++state->begun;
    gateway::Stream stream(std::move(socket), state->tls.get());
    co_await respond(state, stream);
    ++state->ended;
}

gateway::Task<void> WebhookServer::respond(std::shared_ptr<State> state, gateway::Stream& stream) {
    if (stream.tls() != nullptr) {
        const auto [failed] =
            co_await stream.tls()->async_handshake(boost::asio::ssl::stream_base::server, use_task);
        if (failed) co_return;
    }
    boost::beast::flat_buffer buffer;
    Request request;
    const auto [not_read, read] =
        co_await boost::beast::http::async_read(stream, buffer, request, use_task);
    if (not_read) co_return;
    state->requests.push_back(std::move(request));
    std::string bytes;
    if (!state->hangs) {
        bytes = state->answers.front();
        if (state->answers.size() > 1) state->answers.pop_front();
        co_await boost::asio::async_write(stream, boost::asio::buffer(bytes), use_task);
    }
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      gateway::Executor>
        pause(stream.get_executor());
    while (state->drips) {
        pause.expires_after(std::chrono::milliseconds(5));
        co_await pause.async_wait(use_task);
        const auto [not_taken, taken] =
            co_await boost::asio::async_write(stream, boost::asio::buffer("x", 1), use_task);
        if (not_taken) co_return;
        ++state->dripped;
    }
    if (state->hangs) {
        // The client closes.
        co_await boost::beast::http::async_read(stream, buffer, request, use_task);
    } else if (stream.tls() != nullptr) {
        co_await stream.tls()->async_shutdown(use_task);
    }
}

}  // namespace ringside::testing
