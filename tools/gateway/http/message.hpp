#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/http/problem.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway {

namespace http = boost::beast::http;

class Connection;

/// The field Server of responses to an upgrade; by default Beast adds its own name and version.
inline constexpr const char* server_name = "ringside";

/// The parameters of a target, decoded, in their order.
class Parameters {
public:
    void add(std::string key, std::string value) {
        pairs_.emplace_back(std::move(key), std::move(value));
    }
    /// Returns the first parameter of that name, or null.
    [[nodiscard]] const std::string* find(std::string_view key) const noexcept {
        for (const auto& [name, value] : pairs_) {
            if (name == key) return &value;
        }
        return nullptr;
    }
    /// Removes the first parameter of that name and returns its value.
    [[nodiscard]] std::optional<std::string> take(std::string_view key) {
        for (auto at = pairs_.begin(); at != pairs_.end(); ++at) {
            if (at->first != key) continue;
            std::string value = std::move(at->second);
            pairs_.erase(at);
            return value;
        }
        return std::nullopt;
    }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept {
        return pairs_;
    }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

/// A request with its parsed target.
struct Request {
    http::request<http::string_body> message;
    std::vector<std::string> segments;  ///< decoded path: {"v1", "records", "a/b"}
    Parameters parameters;
    Tcp::endpoint peer;
    Connection* connection = nullptr;                ///< on which it arrived
    const ClientCertificate* certificate = nullptr;  ///< that the client presented

    [[nodiscard]] http::verb method() const noexcept { return message.method(); }
    [[nodiscard]] bool is_read() const noexcept {
        return method() == http::verb::get || method() == http::verb::head;
    }
    /// Returns the path as received, without the parameters.
    [[nodiscard]] std::string_view path() const {
        const auto target = message.target();
        const std::string_view all(target.data(), target.size());
        return all.substr(0, all.find('?'));
    }
    [[nodiscard]] const std::string& body() const noexcept { return message.body(); }
    /// Returns the value of a header, or an empty text if it is missing.
    [[nodiscard]] std::string_view header(http::field field) const {
        const auto value = message[field];
        return {value.data(), value.size()};
    }
    [[nodiscard]] std::string_view header(std::string_view name) const {
        const auto value = message[boost::beast::string_view(name.data(), name.size())];
        return {value.data(), value.size()};
    }
    /// The combined value of all lines of a list field (RFC 9110, 5.3); empty if the field is
    /// absent.
    [[nodiscard]] std::optional<std::string> list(http::field field) const;
};

/// The media type of a header Content-Type, without parameters: "text/html".
[[nodiscard]] std::string_view media_type(std::string_view content_type) noexcept;

/// A response. The connection adds the header fields of every response, and those that depend on
/// the content coding.
struct Response {
    /// Takes over the connection after the head was sent, until it ends.
    using Stream = std::function<Task<void>(Connection&)>;

    unsigned status = 200;
    std::string_view content_type = "application/json";
    std::string body{};
    std::string headers{};  ///< further lines, each ended by CRLF
    std::string etag{};     ///< without quotation marks; empty if there is none
    std::string vary{};     ///< names of request fields other than Accept-Encoding
    bool is_compressed_already = false;
    bool ends_connection = false;
    Stream stream{};   ///< replaces the body if set
    Stream upgrade{};  ///< replaces the whole response if set

    Response& add(std::string_view name, std::string_view value) {
        ((headers += name) += ": ") += value;
        headers += "\r\n";
        return *this;
    }

    static Response of(const Problem& problem);
    static Response json(std::string body) { return {.body = std::move(body)}; }
};

/// Parses the target of a request (RFC 9112, 3.2): a path with parameters, an absolute URI, whose
/// host replaces that of the field Host, or the `*` of OPTIONS, which has no segments.
/// Problem: 400 for anything else.
[[nodiscard]] std::optional<Problem> parse_target(Request& request);

}  // namespace ringside::gateway
