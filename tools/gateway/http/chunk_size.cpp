#include "tools/gateway/http/chunk_size.hpp"

#include <charconv>

#include "tools/gateway/http/field_syntax.hpp"

namespace ringside::gateway {

namespace {

void skip_blanks(std::string_view& text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

/// Removes a token from the front. Returns false if the text does not begin with one.
bool take_token(std::string_view& text) noexcept {
    std::size_t size = 0;
    while (size < text.size() && is_token_char(text[size])) ++size;
    text.remove_prefix(size);
    return size > 0;
}

/// Removes a quoted string from the front (RFC 9110, 5.6.4). Returns false if it does not end.
bool take_quoted(std::string_view& text) noexcept {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

/// Removes an extension from the front, with optional blanks (RFC 9110, 5.6.3).
bool take_extension(std::string_view& text) noexcept {
    skip_blanks(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!take_token(text)) return false;
    std::string_view behind = text;
    skip_blanks(behind);
    if (!behind.starts_with('=')) return true;
    text = behind.substr(1);
    skip_blanks(text);
    return text.starts_with('"') ? take_quoted(text) : take_token(text);
}

}  // namespace

std::optional<ChunkSize> ChunkSize::parse(std::string_view line) noexcept {
    constexpr std::size_t digits_max = 16;
    ChunkSize size;
    const char* end = line.data() + line.size();
    // from_chars accepts a minus sign for signed types only.
    const auto [rest, failed] = std::from_chars(line.data(), end, size.bytes, 16);
    const auto digits = static_cast<std::size_t>(rest - line.data());
    if (failed != std::errc() || digits > digits_max) return std::nullopt;
    line.remove_prefix(digits);
    size.extension_bytes = line.size();
    while (!line.empty()) {
        if (!take_extension(line)) return std::nullopt;
    }
    return size;
}

}  // namespace ringside::gateway
