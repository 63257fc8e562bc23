#include "tools/gateway/rest/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <charconv>

namespace ringside::gateway {

Outcome<std::optional<std::uint64_t>> number_parameter(const Request& request,
                                                       std::string_view name, std::uint64_t min,
                                                       std::uint64_t max) {
    const std::string* text = request.parameters.find(name);
    if (text == nullptr) return std::optional<std::uint64_t>();
    std::uint64_t number = 0;
    const char* end = text->data() + text->size();
    const auto [rest, failed] = std::from_chars(text->data(), end, number);
    if (failed != std::errc() || rest != end || number < min || number > max) {
        return Problem{400, "bad_parameter",
                       fmt::format("'{}' must be an integer from {} to {}", name, min, max)};
    }
    return std::optional(number);
}

Outcome<bool> flag_parameter(const Request& request, std::string_view name, bool otherwise) {
    const std::string* text = request.parameters.find(name);
    if (text == nullptr) return otherwise;
    if (*text == "true") return true;
    if (*text == "false") return false;
    return Problem{400, "bad_parameter", fmt::format("'{}' must be true or false", name)};
}

std::optional<Problem> check_parameters(const Request& request,
                                        std::initializer_list<std::string_view> known,
                                        std::string_view repeatable) {
    const auto& pairs = request.parameters.pairs();
    for (auto at = pairs.begin(); at != pairs.end(); ++at) {
        const std::string& name = at->first;
        if (!repeatable.empty() && name == repeatable) continue;
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return Problem{400, "bad_parameter", fmt::format("unknown parameter '{}'", name)};
        }
        const auto is_same = [&](const auto& other) { return other.first == name; };
        if (std::any_of(pairs.begin(), at, is_same)) {
            return Problem{400, "bad_parameter", fmt::format("duplicate parameter '{}'", name)};
        }
    }
    return std::nullopt;
}

Response other_method(const Request& request, std::string_view allowed) {
    Response response;
    if (request.method() == http::verb::options) response.status = 204;
    else {
        const auto method = request.message.method_string();
        response =
            Response::of({405, "method_not_allowed",
                          fmt::format("method {1} is not allowed; use {0}", allowed,
                                      std::string_view(method.data(),
                                                       std::min<std::size_t>(method.size(), 32)))});
    }
    response.add("Allow", allowed);
    return response;
}

std::string percent_encoded(std::string_view text) {
    return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

}  // namespace ringside::gateway
