#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/http/problem.hpp"

namespace ringside::gateway {

namespace http = boost::beast::http;

/// Reads one request of HTTP/1.1 or 1.0 from the bytes of a connection: RFC 9112.
///
/// The reader alone decides where a request ends. If a front end saw a different end, part of one
/// request would become the next. So whatever two readers could understand differently is refused.
/// Beast's parser gets the head only when it is complete and its lines have been checked.
///
///   1  Skip up to `empty_lines_max` empty lines.
///   2  Read the head, `header_bytes` at most. Lines end with CRLF, contain no control character
///      other than HTAB, and do not continue the previous line.
///   3  Check the framing: one Host; Content-Length or Transfer-Encoding, not both; only `chunked`.
///   4  Read the content, `body_bytes` at most: Content-Length bytes, or chunks.
///   5  After the last chunk, check and discard the trailer fields. They are never treated as
///      header fields (RFC 9110, 6.5.1).
///
/// Chunk extensions and trailer fields together are limited to `header_bytes`, too.
/// The end of a refused request is unknown: the caller must close the connection.
class RequestReader {
public:
    struct Limits {
        std::size_t header_bytes;
        std::uint64_t body_bytes;
    };

    explicit RequestReader(const Limits& limits) noexcept
        : limits_(limits), extra_bytes_left_(limits.header_bytes) {}

    /// Takes one step and returns the number of bytes consumed. The caller passes the remaining
    /// bytes again, followed by those that arrive later. Returns 0 if more bytes are needed, or if
    /// the request is refused.
    /// REQUIRES: !is_done() && !problem()
    std::size_t read(std::string_view bytes);

    /// Whether anything other than empty lines has arrived.
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
    [[nodiscard]] bool is_head_done() const noexcept { return step_ > Step::head; }
    [[nodiscard]] bool is_done() const noexcept { return step_ == Step::done; }
    /// Why the request is refused. Statuses: 400, 413, 414, 431, 501, 505.
    [[nodiscard]] const std::optional<Problem>& problem() const noexcept { return problem_; }

    /// Complete, except for the body, when `is_head_done`.
    [[nodiscard]] const http::request<http::string_body>& message() const noexcept {
        return message_;
    }
    /// REQUIRES: is_done()
    [[nodiscard]] http::request<http::string_body> release() noexcept {
        return std::move(message_);
    }
    /// The value of Content-Length; empty if the field is absent.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
        return content_length_;
    }
    /// Whether the client waits for status 100 (RFC 9110, 10.1.1).
    [[nodiscard]] bool expects_continue() const;
    /// Memory allocated for the body.
    [[nodiscard]] std::size_t body_capacity() const noexcept { return message_.body().capacity(); }

    static constexpr int empty_lines_max = 2;
    /// Limit of a field line; Beast's own is 64 KiB.
    static constexpr std::size_t line_bytes_max = 60U << 10;

private:
    enum class Step : std::uint8_t {
        start,
        head,
        content,     ///< delimited by Content-Length
        chunk_size,  ///< the line before a chunk, with extensions
        chunk,
        chunk_end,  ///< the CRLF after a chunk
        trailer,
        done
    };

    std::size_t read_start(std::string_view bytes);
    std::size_t read_head(std::string_view bytes);
    std::size_t read_content(std::string_view bytes);
    std::size_t read_chunk_size(std::string_view bytes);
    std::size_t read_chunk(std::string_view bytes);
    std::size_t read_chunk_end(std::string_view bytes);
    std::size_t read_trailer(std::string_view bytes);

    [[nodiscard]] std::optional<std::size_t> find_line_end(std::string_view bytes);
    void parse_head(std::string_view head);
    void check_host();
    void choose_framing();
    void check_transfer_encoding();
    bool append(std::string_view content);
    /// Charges bytes of extensions and trailers. Returns false, and refuses, beyond the limit.
    bool spend(std::size_t bytes);
    void refuse(unsigned status, std::string code, std::string detail);
    void refuse(std::string detail) { refuse(400, "bad_http", std::move(detail)); }

    const Limits limits_;
    Step step_ = Step::start;
    bool has_begun_ = false;
    int empty_lines_ = 0;
    std::size_t checked_ = 0;     ///< bytes of this step that `find_line_end` has checked
    std::size_t line_begin_ = 0;  ///< start of the current line of the head
    std::uint64_t content_left_ = 0;
    std::size_t extra_bytes_left_;
    std::optional<std::uint64_t> content_length_;
    http::request<http::string_body> message_;
    std::optional<Problem> problem_;
};

}  // namespace ringside::gateway
