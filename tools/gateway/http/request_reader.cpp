#include "tools/gateway/http/request_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <charconv>
#include <limits>

#include "tools/gateway/http/chunk_size.hpp"
#include "tools/gateway/http/field_syntax.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view line_end = "\r\n";

std::string_view view_of(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Characters of a host and port (RFC 3986, 3.2.2), without the comma, which would make a list.
bool is_host_char(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~%!$&'()*+;=:[]").find(c) != std::string_view::npos;
}

/// Whether a line of the trailer section is a field (RFC 9112, 5).
bool is_field_line(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    return colon != std::string_view::npos && is_token(line.substr(0, colon));
}

}  // namespace

std::size_t RequestReader::read(std::string_view bytes) {
    if (bytes.empty()) return 0;
    switch (step_) {
        case Step::start: return read_start(bytes);
        case Step::head: return read_head(bytes);
        case Step::content: return read_content(bytes);
        case Step::chunk_size: return read_chunk_size(bytes);
        case Step::chunk: return read_chunk(bytes);
        case Step::chunk_end: return read_chunk_end(bytes);
        case Step::trailer: return read_trailer(bytes);
        case Step::done: break;
    }
    return 0;
}

bool RequestReader::expects_continue() const {
    // HTTP/1.0 has no status 100 (RFC 9110, 10.1.1).
    return message_.version() == 11 &&
           boost::beast::iequals(message_[http::field::expect], "100-continue");
}

std::size_t RequestReader::read_start(std::string_view bytes) {
    if (bytes.starts_with(line_end) && empty_lines_ < empty_lines_max) {
        ++empty_lines_;
        return line_end.size();
    }
    if (bytes == "\r" && empty_lines_ < empty_lines_max) return 0;
    has_begun_ = true;
    step_ = Step::head;
    return read_head(bytes);
}

/// Returns the position after the next CRLF; resumes where the previous search ended. Returns
/// nothing if more bytes are needed, or if the request is refused.
std::optional<std::size_t> RequestReader::find_line_end(std::string_view bytes) {
    for (; checked_ < bytes.size(); ++checked_) {
        const char c = bytes[checked_];
        if (!is_control(c)) continue;
        if (c != '\r') {
            refuse(c == '\n' ? "line ends with LF without CR" : "control character in a line");
            return std::nullopt;
        }
        if (checked_ + 1 == bytes.size()) return std::nullopt;
        if (bytes[checked_ + 1] != '\n') {
            refuse("CR without LF in a line");
            return std::nullopt;
        }
        return checked_ += 2;
    }
    return std::nullopt;
}

std::size_t RequestReader::read_head(std::string_view bytes) {
    const auto too_large = [&] {
        if (line_begin_ == 0) {
            refuse(414, "target_too_large",
                   fmt::format("target exceeds {} bytes", limits_.header_bytes));
        } else {
            refuse(431, "header_too_large",
                   fmt::format("header exceeds {} bytes", limits_.header_bytes));
        }
        return std::size_t{0};
    };
    while (const auto end = find_line_end(bytes)) {
        if (*end > limits_.header_bytes || *end - line_begin_ > line_bytes_max) return too_large();
        const std::string_view line = bytes.substr(line_begin_, *end - 2 - line_begin_);
        if (line.empty()) {
            parse_head(bytes.substr(0, *end));
            checked_ = 0;
            return problem_ ? 0 : *end;
        }
        if (line_begin_ > 0 && is_blank(line.front())) {
            refuse("folded header line");
            return 0;
        }
        line_begin_ = *end;
    }
    if (!problem_ && bytes.size() > limits_.header_bytes) return too_large();
    return 0;
}

void RequestReader::parse_head(std::string_view head) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // checked already
    parser.skip(true);                                               // the framing is decided below
    error_code failed;
    const std::size_t used = parser.put(asio::buffer(head.data(), head.size()), failed);
    if (failed || used != head.size() || !parser.is_header_done()) {
        return refuse("malformed request (HTTP/1.1): " +
                      (failed ? failed.message() : std::string("unterminated header")));
    }
    message_ = parser.release();
    if (message_.version() != 11 && message_.version() != 10) {
        return refuse(505, "bad_http", "unsupported HTTP version; use HTTP/1.1");
    }
    check_host();
    if (!problem_) choose_framing();
}

void RequestReader::check_host() {
    const std::size_t count = message_.count(http::field::host);
    if (count > 1 || (count == 0 && message_.version() == 11)) {
        return refuse("a request must have exactly one Host header");
    }
    const auto host = view_of(message_[http::field::host]);
    if (!std::all_of(host.begin(), host.end(), is_host_char)) {
        refuse("Host is not host[:port]");
    }
}

/// Decides how the content is delimited (RFC 9112, 6.3).
void RequestReader::choose_framing() {
    if (message_.count(http::field::transfer_encoding) > 0) return check_transfer_encoding();
    const std::size_t count = message_.count(http::field::content_length);
    if (count == 0) {
        step_ = Step::done;
        return;
    }
    const auto text = view_of(message_[http::field::content_length]);
    std::uint64_t length = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, length);
    if (count > 1 || failed != std::errc() || rest != end) {
        return refuse("Content-Length is not a single number");
    }
    content_length_ = length;
    if (length > limits_.body_bytes) {
        return refuse(413, "body_too_large", "body exceeds the gateway's limit");
    }
    content_left_ = length;
    step_ = length == 0 ? Step::done : Step::content;
}

void RequestReader::check_transfer_encoding() {
    if (message_.version() == 10) {
        return refuse("Transfer-Encoding in an HTTP/1.0 request");
    }
    if (message_.count(http::field::content_length) > 0) {
        return refuse("both Content-Length and Transfer-Encoding");
    }
    if (message_.count(http::field::transfer_encoding) > 1) {
        return refuse("more than one Transfer-Encoding header");
    }
    const auto codings = view_of(message_[http::field::transfer_encoding]);
    const auto is_chunked = [](std::string_view coding) {
        return boost::beast::iequals({coding.data(), coding.size()}, "chunked");
    };
    if (is_chunked(codings)) {
        step_ = Step::chunk_size;
        return;
    }
    const std::size_t comma = codings.rfind(',');
    const bool ends_chunked =
        comma != std::string_view::npos && is_chunked(trimmed(codings.substr(comma + 1)));
    const std::string_view before = trimmed(codings.substr(0, comma));
    // The content is delimited, but has a further coding.
    if (ends_chunked && is_token(before) && !is_chunked(before)) {
        return refuse(501, "unknown_coding", "unsupported transfer coding; use chunked");
    }
    refuse("Transfer-Encoding must end with a single chunked");
}

bool RequestReader::append(std::string_view content) {
    std::string& body = message_.body();
    const std::size_t size = body.size() + content.size();
    if (content_length_ && size > body.capacity()) {
        // Capacities are the length divided by powers of two, so that the last one fits exactly.
        std::size_t wanted = *content_length_;
        while (wanted / 2 >= size) wanted = (wanted + 1) / 2;
        body.reserve(wanted);
    }
    body += content;
    return content.size() == content_left_;
}

std::size_t RequestReader::read_content(std::string_view bytes) {
    bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), content_left_));
    if (append(bytes)) step_ = Step::done;
    content_left_ -= bytes.size();
    return bytes.size();
}

std::size_t RequestReader::read_chunk(std::string_view bytes) {
    bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), content_left_));
    if (append(bytes)) step_ = Step::chunk_end;
    content_left_ -= bytes.size();
    return bytes.size();
}

bool RequestReader::spend(std::size_t bytes) {
    if (bytes > extra_bytes_left_) {
        refuse(431, "header_too_large",
               fmt::format("chunk extensions and trailer fields exceed {} bytes",
                           limits_.header_bytes));
        return false;
    }
    extra_bytes_left_ -= bytes;
    return true;
}

std::size_t RequestReader::read_chunk_size(std::string_view bytes) {
    constexpr std::size_t size_bytes_max = 16;
    const auto end = find_line_end(bytes);
    if (!end) {
        const std::size_t at_least = bytes.size() - std::min(bytes.size(), size_bytes_max + 2);
        if (!problem_ && at_least > extra_bytes_left_) spend(at_least);
        return 0;
    }
    checked_ = 0;
    const auto size = ChunkSize::parse(bytes.substr(0, *end - 2));
    if (!size) {
        refuse("chunk does not start with its size");
        return 0;
    }
    if (!spend(size->extension_bytes)) return 0;
    if (size->bytes > limits_.body_bytes - message_.body().size()) {
        refuse(413, "body_too_large", "body exceeds the gateway's limit");
        return 0;
    }
    content_left_ = size->bytes;
    step_ = size->bytes == 0 ? Step::trailer : Step::chunk;
    return *end;
}

std::size_t RequestReader::read_chunk_end(std::string_view bytes) {
    if (bytes.starts_with(line_end)) {
        step_ = Step::chunk_size;
        return line_end.size();
    }
    if (bytes != "\r") refuse("chunk is longer than its size");
    return 0;
}

std::size_t RequestReader::read_trailer(std::string_view bytes) {
    const auto end = find_line_end(bytes);
    if (!end) {
        if (!problem_ && bytes.size() > extra_bytes_left_) spend(bytes.size());
        return 0;
    }
    checked_ = 0;
    const std::string_view line = bytes.substr(0, *end - 2);
    if (line.empty()) {
        step_ = Step::done;
        return *end;
    }
    if (!is_field_line(line)) {
        refuse("invalid trailer field");
        return 0;
    }
    return spend(*end) ? *end : 0;
}

void RequestReader::refuse(unsigned status, std::string code, std::string detail) {
    problem_.emplace(status, std::move(code), std::move(detail));
}

}  // namespace ringside::gateway
