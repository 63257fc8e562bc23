#pragma once

#include <boost/beast/http.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tools/gateway/http/stream.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::testing {

/// A server on loopback, in the loop of the test, that answers each request with bytes chosen by
/// the test, and closes.
class WebhookServer {
public:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;

    /// `tls` is null for plain text.
    explicit WebhookServer(boost::asio::io_context& loop,
                           std::shared_ptr<gateway::ssl::context> tls = nullptr);
    ~WebhookServer();
    WebhookServer(const WebhookServer&) = delete;
    WebhookServer& operator=(const WebhookServer&) = delete;

    [[nodiscard]] std::string url(const std::string& host, const std::string& target) const;

    /// Sets the answer to the next request; the last one answers all later requests.
    void answer(const std::string& bytes) { state_->answers.push_back(bytes); }
    /// Answers with a status, and a body of that type.
    void answer(int status, const std::string& type, const std::string& body);
    /// Requests are read and never answered.
    void hang() { state_->hangs = true; }
    /// Each answer is followed by more bytes, as long as they are taken.
    void drip() { state_->drips = true; }
    /// Stops listening.
    void stop();

    [[nodiscard]] const std::vector<Request>& requests() const { return state_->requests; }
    /// Connections that were accepted.
    [[nodiscard]] std::size_t begun() const { return state_->begun; }
    /// Connections that were closed, or have ended.
    [[nodiscard]] std::size_t ended() const { return state_->ended; }
    /// Bytes sent after answers.
    [[nodiscard]] std::size_t dripped() const { return state_->dripped; }

private:
    /// Shared with the coroutines, which end with the loop.
    struct State {
        std::shared_ptr<gateway::ssl::context> tls;
        boost::asio::basic_socket_acceptor<gateway::Tcp, gateway::Executor> acceptor;
        std::deque<std::string> answers = {};
        std::vector<Request> requests = {};
        std::size_t begun = 0;
        std::size_t ended = 0;
        std::size_t dripped = 0;
        bool hangs = false;
        bool drips = false;
    };

    static gateway::Task<void> accept(std::shared_ptr<State> state);
    static gateway::Task<void> serve(std::shared_ptr<State> state, gateway::Socket socket);
    static gateway::Task<void> respond(std::shared_ptr<State> state, gateway::Stream& stream);

    std::shared_ptr<State> state_;
    unsigned port_ = 0;
};

}  // namespace ringside::testing
