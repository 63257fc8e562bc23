#include "tokens.hpp"

#include <strings.h>

#include <algorithm>

namespace ringside::sql {

namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_word(char c) noexcept {
    return c == '_' || c == '$' || is_digit(c) || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

class Tokenizer {
public:
    explicit Tokenizer(std::string_view text) : text_(text) {}

    std::vector<Token> run() {
        while (skip_what_is_none()) {
            const std::size_t begin = at_;
            const Token::Kind kind = pass();
            tokens_.push_back({kind, begin, text_.substr(begin, at_ - begin)});
        }
        return std::move(tokens_);
    }

private:
    [[nodiscard]] char peek(std::size_t further = 0) const noexcept {
        return at_ + further < text_.size() ? text_[at_ + further] : '\0';
    }

    /// Skips spaces and comments. Returns false at the end.
    bool skip_what_is_none() {
        for (;;) {
            while (is_space(peek())) ++at_;
            if (peek() == '-' && peek(1) == '-') skip_past("\n", 2);
            else if (peek() == '/' && peek(1) == '*') skip_past("*/", 2);
            else return at_ < text_.size();
        }
    }
    void skip_past(std::string_view end, std::size_t from) {
        const std::size_t found = text_.find(end, at_ + from);
        at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    }

    Token::Kind pass() {
        const char first = peek();
        switch (first) {
            case '\'': skip_quoted(first); return Token::Kind::string;
            case '"':
            case '`': skip_quoted(first); return Token::Kind::quoted;
            case '[': skip_past("]", 1); return Token::Kind::quoted;
            default: break;
        }
        if (is_digit(first) || (first == '.' && is_digit(peek(1)))) {
            skip_number();
            return Token::Kind::number;
        }
        if (!is_word(first)) {
            ++at_;
            return Token::Kind::mark;
        }
        while (is_word(peek())) ++at_;
        return Token::Kind::word;
    }

    /// A quote within the text is doubled.
    void skip_quoted(char quote) {
        for (++at_; at_ < text_.size(); ++at_) {
            if (peek() != quote) continue;
            if (peek(1) != quote) break;
            ++at_;
        }
        at_ = std::min(at_ + 1, text_.size());
    }
    void skip_number() {
        while (is_word(peek()) || peek() == '.') {
            const bool is_exponent =
                (peek() == 'e' || peek() == 'E') && (peek(1) == '+' || peek(1) == '-');
            at_ += is_exponent ? 2 : 1;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

}  // namespace

bool Token::is(std::string_view keyword) const noexcept {
    return kind == Kind::mark ? text == keyword : kind == Kind::word && is_same_word(text, keyword);
}

std::string_view Token::unquoted() const noexcept {
    if (kind != Kind::quoted && kind != Kind::string) return text;
    return text.size() < 2 ? std::string_view() : text.substr(1, text.size() - 2);
}

std::vector<Token> tokens_of(std::string_view text) { return Tokenizer(text).run(); }

bool is_same_word(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ringside::sql
