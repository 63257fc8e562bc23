#include "shm/document/pointer.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"

namespace ringside {

namespace {

/// Replaces "~0" and "~1"; nothing if any other character follows a '~'.
std::optional<std::string> unescape(std::string_view token) {
    std::string plain;
    plain.reserve(token.size());
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            plain.push_back(token[i]);
            continue;
        }
        ++i;
        if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        plain.push_back(token[i] == '0' ? '~' : '/');
    }
    return plain;
}

}  // namespace

Result<JsonPointer> JsonPointer::parse(std::string_view text) {
    if (text.size() > limits::pointer_bytes_max) {
        return Error(Errc::bad_pointer, std::to_string(text.size()) + " bytes, the limit is " +
                                            std::to_string(limits::pointer_bytes_max));
    }
    if (!is_utf8(text)) return Error(Errc::bad_pointer, "not UTF-8");
    JsonPointer pointer;
    pointer.text_ = text;
    while (!text.empty()) {
        if (text.front() != '/') return Error(Errc::bad_pointer, "does not begin with '/'");
        text.remove_prefix(1);
        const std::string_view escaped = text.substr(0, text.find('/'));
        auto token = unescape(escaped);
        if (!token) return Error(Errc::bad_pointer, "'~' is not followed by '0' or '1'");
        pointer.tokens_.push_back(std::move(*token));
        text.remove_prefix(escaped.size());
    }
    return pointer;
}

bool JsonPointer::is_prefix_of(const JsonPointer& other) const noexcept {
    return tokens_.size() <= other.tokens_.size() &&
           std::equal(tokens_.begin(), tokens_.end(), other.tokens_.begin());
}

std::optional<std::size_t> JsonPointer::array_index(std::string_view token,
                                                    std::size_t size) noexcept {
    if (token == "-") return size;
    constexpr std::size_t digits_max = 18;  // below 2^63, far larger than any array
    if (token.empty() || token.size() > digits_max) return std::nullopt;
    if (token.size() > 1 && token.front() == '0') return std::nullopt;
    std::size_t index = 0;
    for (const char c : token) {
        if (c < '0' || c > '9') return std::nullopt;
        index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    return index;
}

}  // namespace ringside
