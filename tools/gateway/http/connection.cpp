#include "tools/gateway/http/connection.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <boost/asio/write.hpp>

#include "tools/gateway/http/gzip.hpp"
#include "tools/gateway/http/peer_certificate.hpp"
#include "tools/gateway/http/server.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t read_bytes = 8192;  ///< bytes requested at a time

}  // namespace

Connection::Connection(Server& server, Socket socket, Tcp::endpoint peer)
    : server_(server),
      peer_(std::move(peer)),
      tls_(server.tls()),
      stream_(std::move(socket), tls_.get()),
      body_account_(server.bodies(), peer_.address().to_string()) {
    server_.connections_.insert(this);
    ++server_.counts().connections_open;
    expect_within(server_.limits().idle_time);
}

Connection::~Connection() {
    reader_.reset();
    server_.connections_.erase(this);
    --server_.counts().connections_open;
}

void Connection::check(Clock::time_point now) {
    if (on_departure_ && has_departed()) std::exchange(on_departure_, nullptr)();
    if (certificate_ && tls_ != server_.tls() && !is_still_trusted()) return cut();
    if (now < deadline_) return;
    is_late_ = true;
    ++server_.counts().connections_late;
    cut();
}

/// Checks the client's certificate against the authorities of a configuration that was reloaded.
bool Connection::is_still_trusted() {
    tls_ = server_.tls();
    if (tls_ != nullptr && is_trusted(*stream_.tls(), *tls_)) return true;
    spdlog::info("{} disconnected because its client certificate is no longer trusted",
                 peer_.address().to_string());
    return false;
}

/// Nothing is read while a request is answered, so this checks the socket.
bool Connection::has_departed() noexcept {
    constexpr short signs = POLLRDHUP | POLLHUP | POLLERR;
    pollfd socket{stream_.socket().native_handle(), signs, 0};
    return poll(&socket, 1, 0) > 0 && (socket.revents & signs) != 0;
}

void Connection::cut() noexcept {
    expect_nothing();
    error_code ignored;  // The socket is discarded in any case.
    if (stream_.tls() != nullptr || phase_ == Phase::answering) stream_.socket().close(ignored);
    else stream_.socket().cancel(ignored);
}

void Connection::drain() {
    is_draining_ = true;
    if (stop_stream_) std::exchange(stop_stream_, nullptr)();
    else if (phase_ == Phase::idle) cut();
}

void Connection::shrink() {
    reader_.reset();
    if (buffer_.size() == 0) buffer_ = {};
    else buffer_.shrink_to_fit();
}

Task<void> Connection::run() {
    const auto self = shared_from_this();
    if (!co_await shake_hands()) co_return;
    while (!is_draining_ || buffer_.size() > 0) {
        if (!co_await read_request()) break;
        Request request{.message = reader_->release(),
                        .segments = {},
                        .parameters = {},
                        .peer = peer_,
                        .connection = this,
                        .certificate = certificate_ ? &*certificate_ : nullptr};
        if (!co_await respond(request)) break;
    }
    error_code ignored;  // The connection ends either way.
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    if (is_refused_) co_await linger();
}

Task<void> Connection::linger() {
    expect_within(std::chrono::seconds(2));
    for (error_code gone; !gone;) {
        buffer_.clear();
        const auto [failed, count] =
            co_await stream_.socket().async_read_some(buffer_.prepare(read_bytes), use_task);
        gone = failed;
    }
}

Task<bool> Connection::shake_hands() {
    if (stream_.tls() == nullptr) co_return true;
    expect_within(server_.limits().header_time);
    const auto [failed] =
        co_await stream_.tls()->async_handshake(ssl::stream_base::server, use_task);
    if (failed) co_return false;
    certificate_ = peer_certificate(*stream_.tls());
    co_return true;
}

/// Returns false if the connection has ended. The client has been sent the reason, if possible.
Task<bool> Connection::read_request() {
    reader_.emplace(
        RequestReader::Limits{server_.limits().header_bytes, server_.limits().body_bytes});
    phase_ = Phase::idle;
    is_header_seen_ = false;
    expect_within(server_.limits().idle_time);
    for (;;) {
        if (buffer_.size() > 0) {
            if (auto problem = parse_some()) {
                is_refused_ = true;
                Response refusal = Response::of(*problem);
                co_await answer(refusal, nullptr);
                co_return false;
            }
            if (reader_->is_done()) co_return true;
        }
        // Only empty lines have arrived: the connection was idle for too long.
        if (is_late_ && phase_ == Phase::idle) co_return false;
        if (phase_ == Phase::body && std::exchange(is_header_seen_, false) &&
            reader_->expects_continue()) {
            if (!co_await send(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")))) {
                co_return false;
            }
            expect_within(server_.limits().body_time);
        }
        const auto [failed, count] =
            co_await stream_.async_read_some(buffer_.prepare(read_bytes), use_task);
        buffer_.commit(count);
        server_.counts().bytes_received += count;
        // A cut does not end a read that has already taken bytes. A request that begins with them
        // is in time; a request that they do not complete is late.
        if (!failed && (!is_late_ || phase_ == Phase::idle)) continue;
        if (is_late_ && phase_ != Phase::idle) {
            is_refused_ = true;
            Response late = Response::of({408, "too_slow", "request not received in time"});
            co_await answer(late, nullptr);
        }
        co_return false;
    }
}

std::optional<Problem> Connection::parse_some() {
    while (buffer_.size() > 0 && !reader_->is_done()) {
        const auto bytes = buffer_.cdata();
        const std::size_t used =
            reader_->read({static_cast<const char*>(bytes.data()), bytes.size()});
        buffer_.consume(used);
        if (phase_ == Phase::idle && reader_->has_begun()) {
            phase_ = Phase::header;
            is_late_ = false;
            began_ = Clock::now();
            expect_within(server_.limits().header_time);
        }
        if (reader_->problem()) return reader_->problem();
        if (phase_ == Phase::header && reader_->is_head_done()) {
            phase_ = Phase::body;
            is_header_seen_ = true;
            expect_within(server_.limits().body_time);
            if (auto problem = check_header()) return problem;
        }
        if (used == 0) break;
    }
    return count_body(reader_->body_capacity());
}

std::optional<Problem> Connection::check_header() {
    const auto length = reader_->content_length();
    return length ? count_body(*length) : std::nullopt;
}

std::optional<Problem> Connection::count_body(std::uint64_t bytes) {
    return body_account_.count(bytes, [this]() -> Admission {
        const http::request_header<>& header = reader_->message();
        Request head{.message = http::request<http::string_body>(header),
                     .segments = {},
                     .parameters = {},
                     .peer = peer_,
                     .connection = this,
                     .certificate = certificate_ ? &*certificate_ : nullptr};
        if (auto problem = parse_target(head)) return {.problem = std::move(problem)};
        return server_.application().admit(head);
    });
}

/// Returns false if the connection has ended.
Task<bool> Connection::respond(Request& request) {
    phase_ = Phase::answering;
    expect_nothing();
    Response response;
    if (const auto problem = parse_target(request)) response = Response::of(*problem);
    else response = co_await server_.application().handle(request);
    if (response.upgrade) {
        server_.application().note(&request, response, Clock::now() - began_);
        const auto upgrade = std::move(response.upgrade);
        body_account_.release();
        request = {};
        response = {};
        shrink();
        co_await upgrade(*this);
        co_return false;
    }
    const bool goes_on = co_await answer(response, &request);
    body_account_.release();
    if (!response.stream) co_return goes_on;
    if (goes_on && request.method() != http::verb::head) {
        const auto stream = std::move(response.stream);
        request = {};
        response = {};
        shrink();
        expect_nothing();
        co_await stream(*this);
    }
    co_return false;
}

std::string Connection::head_of(const Response& response, const Request* request,
                                bool keeps_alive) const {
    std::string head;
    head.reserve(320 + response.headers.size());
    fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                   reason_of(response.status), server_.date());
    const bool has_content = response.status != 304 && response.status != 204;
    if (has_content && !response.content_type.empty()) {
        fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\n", response.content_type);
    }
    if (has_content && !response.stream) {
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", response.body.size());
    }
    if (!keeps_alive || response.stream) head += "Connection: close\r\n";
    else if (request != nullptr && request->message.version() == 10) {
        head += "Connection: keep-alive\r\n";
    }
    if (!response.etag.empty()) {
        fmt::format_to(std::back_inserter(head), "ETag: \"{}\"\r\n", response.etag);
    }
    // Also for a 304 and for a body too small to compress: the next one might be larger.
    const bool is_of_coding = request != nullptr && !response.stream &&
                              (request->is_read() || response.is_compressed_already);
    if (is_of_coding || !response.vary.empty()) {
        const bool has_both = is_of_coding && !response.vary.empty();
        fmt::format_to(std::back_inserter(head), "Vary: {}{}{}\r\n",
                       is_of_coding ? "Accept-Encoding" : "", has_both ? ", " : "", response.vary);
    }
    head += response.headers;
    head += "\r\n";
    return head;
}

Task<bool> Connection::answer(Response& response, const Request* request) {
    phase_ = Phase::answering;
    const bool keeps_alive = request != nullptr && request->message.keep_alive() && !is_draining_ &&
                             !response.ends_connection;
    if (request != nullptr && !response.stream) compress(*request, response);
    const std::string head = head_of(response, request, keeps_alive);
    const bool has_body = request == nullptr || request->method() != http::verb::head;
    server_.application().note(request, response, Clock::now() - began_);
    const bool is_sent =
        co_await send(asio::buffer(head),
                      asio::buffer(response.body.data(), has_body ? response.body.size() : 0));
    co_return is_sent && (keeps_alive || response.stream);
}

Task<bool> Connection::send(asio::const_buffer first, asio::const_buffer second) {
    const std::array<asio::const_buffer, 2> both{first, second};
    const std::size_t size = first.size() + second.size();
    server_.counts().bytes_sent += size;
    error_code failed;
    const std::size_t written = stream_.write_now(both, failed);
    if (failed) co_return false;
    if (written == size) co_return true;
    expect_within(server_.limits().write_time);
    if (written < first.size()) first += written;
    else second += written - first.size(), first = {};
    while (first.size() + second.size() > 0) {
        const std::array<asio::const_buffer, 2> rest{first, second};
        const auto [broken, count] = co_await stream_.async_write_some(rest, use_task);
        if (broken) co_return false;
        expect_within(server_.limits().write_time);
        const std::size_t of_first = std::min(count, first.size());
        first += of_first;
        second += count - of_first;
    }
    co_return true;
}

}  // namespace ringside::gateway
