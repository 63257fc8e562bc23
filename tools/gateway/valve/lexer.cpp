#include "tools/gateway/valve/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ringside::gateway::valve {

namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool begins_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
constexpr bool is_in_name(char c) noexcept { return begins_name(c) || is_digit(c); }
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
constexpr bool is_high_surrogate(char32_t c) noexcept { return c >= 0xD800 && c <= 0xDBFF; }
constexpr bool is_low_surrogate(char32_t c) noexcept { return c >= 0xDC00 && c <= 0xDFFF; }

/// Longest first.
constexpr std::array signs = {
    std::string_view("==="), std::string_view("!=="), std::string_view(">>>"),
    std::string_view("=="),  std::string_view("!="),  std::string_view("<="),
    std::string_view(">="),  std::string_view("&&"),  std::string_view("||"),
    std::string_view("<<"),  std::string_view(">>"),  std::string_view("("),
    std::string_view(")"),   std::string_view("["),   std::string_view("]"),
    std::string_view("."),   std::string_view(","),   std::string_view("?"),
    std::string_view(":"),   std::string_view("<"),   std::string_view(">"),
    std::string_view("!"),   std::string_view("+"),   std::string_view("-"),
    std::string_view("*"),   std::string_view("/"),   std::string_view("%"),
    std::string_view("&"),   std::string_view("|"),   std::string_view("^"),
    std::string_view("~"),   std::string_view(";"),
};

/// Operators of JavaScript that rules do not have.
constexpr std::array refused_signs = {
    std::string_view("++"), std::string_view("--"), std::string_view("=>"),  std::string_view("**"),
    std::string_view("?."), std::string_view("??"), std::string_view("..."),
};

}  // namespace

void append_utf8(char32_t character, std::string& out) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80U | ((character >> shift) & 0x3FU));
    };
    if (character < 0x80) {
        out += static_cast<char>(character);
    } else if (character < 0x800) {
        out += static_cast<char>(0xC0U | (character >> 6U));
        tail(0);
    } else if (character < 0x10000) {
        out += static_cast<char>(0xE0U | (character >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (character >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

Error Lexer::error_at(std::size_t at, const std::string& what) {
    return {Errc::bad_configuration, what + " at character " + std::to_string(at + 1)};
}

Result<void> Lexer::skip_blanks() {
    for (;;) {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        if (peek() != '/' || (peek(1) != '/' && peek(1) != '*')) return {};
        const bool is_line = peek(1) == '/';
        const std::size_t end = text_.find(is_line ? "\n" : "*/", at_ + 2);
        if (end == std::string_view::npos) {
            if (!is_line) return error_at(at_, "unterminated comment");
            at_ = text_.size();
            return {};
        }
        at_ = end + (is_line ? 1 : 2);
    }
}

Result<Token> Lexer::next(bool takes_pattern) {
    if (auto skipped = skip_blanks(); !skipped) return skipped.error();
    const char c = peek();
    if (at_ == text_.size()) return Token{.at = at_};
    if (begins_name(c)) {
        Token token{.kind = Token::Kind::name, .at = at_};
        while (is_in_name(peek())) token.text += text_[at_++];
        return token;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '\'' || c == '"') return string();
    if (c == '/' && takes_pattern) return pattern();
    return sign();
}

Result<Token> Lexer::number() {
    Token token{.kind = Token::Kind::number, .at = at_};
    const bool is_hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    const char* const begin = text_.data() + at_ + (is_hex ? 2 : 0);
    const char* const end = text_.data() + text_.size();
    const char* rest = begin;
    if (is_hex) {
        std::uint64_t value = 0;
        rest = std::from_chars(begin, end, value, 16).ptr;
        token.number = static_cast<double>(value);
        if (value >= 1ULL << 53U) return error_at(at_, "number too large");
    } else {
        if (peek() == '0' && is_digit(peek(1))) {
            return error_at(at_, "number starts with 0");
        }
        const auto read = std::from_chars(begin, end, token.number);
        rest = read.ptr;
        if (read.ec != std::errc()) return error_at(at_, "number out of range");
    }
    at_ = static_cast<std::size_t>(rest - text_.data());
    if (rest == begin || is_in_name(peek())) return error_at(token.at, "not a number");
    return token;
}

Result<char32_t> Lexer::hex(std::size_t digits) {
    std::uint32_t value = 0;
    const std::string_view text = text_.substr(std::min(at_, text_.size()), digits);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != digits || read.ptr != text.data() + digits) {
        return error_at(at_, "too few digits in an escape");
    }
    at_ += digits;
    return static_cast<char32_t>(value);
}

/// Parses the text after a backslash.
Result<void> Lexer::escape(std::string& into) {
    constexpr std::string_view letters = "bfnrtv";
    constexpr std::string_view stand_for = "\b\f\n\r\t\v";
    const std::size_t begin = at_;
    const char c = text_[at_++];
    if (const std::size_t at = letters.find(c); at != std::string_view::npos) {
        into += stand_for[at];
        return {};
    }
    if (c == '0' && !is_digit(peek())) {
        into += '\0';
        return {};
    }
    if (is_digit(c)) return error_at(begin, "octal escapes are not supported");
    if (c == '\n') return {};  // line continuation
    if (c != 'x' && c != 'u') {
        into += c;
        return {};
    }
    auto character = hex(c == 'x' ? 2 : 4);
    if (!character) return character.error();
    if (is_high_surrogate(*character) && peek() == '\\' && peek(1) == 'u') {
        at_ += 2;
        const auto low = hex(4);
        if (!low) return low.error();
        if (!is_low_surrogate(*low)) return error_at(begin, "unpaired surrogate");
        *character = 0x10000 + ((*character - 0xD800) << 10U) + (*low - 0xDC00);
    }
    if (is_high_surrogate(*character) || is_low_surrogate(*character)) {
        return error_at(begin, "unpaired surrogate");
    }
    append_utf8(*character, into);
    return {};
}

Result<Token> Lexer::string() {
    Token token{.kind = Token::Kind::string, .at = at_};
    const char quote = text_[at_++];
    while (peek() != quote || at_ == text_.size()) {
        if (at_ >= text_.size() || peek() == '\n') return error_at(token.at, "unterminated string");
        const char c = text_[at_++];
        if (c != '\\') {
            token.text += c;
            continue;
        }
        if (at_ == text_.size()) return error_at(token.at, "unterminated string");
        if (auto escaped = escape(token.text); !escaped) return escaped.error();
    }
    ++at_;
    return token;
}

Result<Token> Lexer::pattern() {
    Token token{.kind = Token::Kind::pattern, .at = at_++};
    for (bool is_in_class = false; peek() != '/' || is_in_class;) {
        if (at_ >= text_.size() || peek() == '\n') {
            return error_at(token.at, "unterminated pattern");
        }
        if (peek() == '[') is_in_class = true;
        if (peek() == ']') is_in_class = false;
        if (peek() == '\\') token.text += text_[at_++];
        if (at_ < text_.size()) token.text += text_[at_++];
    }
    ++at_;
    while (is_in_name(peek())) token.flags += text_[at_++];
    return token;
}

Result<Token> Lexer::sign() {
    const std::string_view rest = text_.substr(at_);
    const auto begins = [&](std::string_view sign) { return rest.starts_with(sign); };
    const auto* const refused = std::find_if(refused_signs.begin(), refused_signs.end(), begins);
    if (refused != refused_signs.end()) {
        return error_at(at_, "'" + std::string(*refused) + "' is not supported");
    }
    const auto* const found = std::find_if(signs.begin(), signs.end(), begins);
    if (found == signs.end()) {
        const bool is_printable = rest.front() > ' ' && rest.front() < 0x7F;
        return error_at(at_, is_printable
                                 ? "'" + std::string(1, rest.front()) + "' is not supported"
                                 : std::string("unsupported character"));
    }
    Token token{.kind = Token::Kind::sign, .text = std::string(*found), .at = at_};
    at_ += found->size();
    return token;
}

}  // namespace ringside::gateway::valve
