#include "tools/gateway/deepstream/names.hpp"

#include <optional>

#include "shm/base/utf8.hpp"
#include "tools/gateway/deepstream/client_text.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

void append_escape(char byte, std::string& out) {
    const auto code = static_cast<unsigned char>(byte);
    out += '%';
    out += digits[code >> 4];
    out += digits[code & 15];
}

/// Decodes the `%` and two digits at `at`.
std::optional<char> escape_at(std::string_view text, std::size_t at) noexcept {
    if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
    const std::size_t high = digits.find(text[at + 1]);
    const std::size_t low = digits.find(text[at + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    return static_cast<char>(high << 4 | low);
}

/// Returns whether a level of the name would be empty if this slash separated levels.
bool makes_an_empty_level(std::string_view name, std::size_t slash) noexcept {
    return slash == 0 || slash + 1 == name.size() || name[slash - 1] == '/';
}

/// Returns whether the byte is one of the two of a control character U+0080..U+009F.
bool is_c1_part(std::string_view text, std::size_t at) noexcept {
    const auto is_c1 = [text](std::size_t first) {
        return first + 1 < text.size() && text[first] == '\xC2' &&
               static_cast<unsigned char>(text[first + 1]) < 0xA0;
    };
    return is_c1(at) || (at > 0 && is_c1(at - 1));
}

bool has_to_be_escaped(std::string_view name, std::size_t at) noexcept {
    const char byte = name[at];
    if (byte == '/') return makes_an_empty_level(name, at);
    if (byte == '$') return at == 0;
    if (byte == '%') return escape_at(name, at).has_value();
    return byte == '*' || byte == '\x7F' || (byte >= 0 && byte < ' ') || is_c1_part(name, at);
}

template <class Decide>
std::string escape(std::string_view text, const Decide& decide) {
    const bool has_halves = !is_utf8(text);
    std::string out;
    out.reserve(text.size());
    std::size_t half_ends = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (has_halves && at >= half_ends && is_half_at(text, at)) half_ends = at + 3;
        if (at < half_ends || decide(at)) append_escape(text[at], out);
        else out += text[at];
    }
    return out;
}

}  // namespace

std::string to_grid_name(std::string_view name) {
    return escape(name, [name](std::size_t at) { return has_to_be_escaped(name, at); });
}

Result<void> check_answerable(std::string_view name) {
    if (is_utf8(name)) return {};
    return Error(Errc::bad_name, "unpaired surrogate");
}

std::string to_grid_level(std::string_view text) {
    return escape(
        text, [text](std::size_t at) { return text[at] == '/' || has_to_be_escaped(text, at); });
}

std::string from_grid_name(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    for (std::size_t at = 0; at < name.size(); ++at) {
        const auto byte = escape_at(name, at);
        out += byte.value_or(name[at]);
        if (byte) at += 2;
    }
    return out;
}

}  // namespace ringside::gateway::deepstream
