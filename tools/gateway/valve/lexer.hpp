#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::valve {

struct Token {
    enum class Kind : std::uint8_t { end, name, number, string, pattern, sign };
    Kind kind = Kind::end;
    std::string text{};   ///< of a string, its value; of a pattern, the text between slashes
    std::string flags{};  ///< of a pattern
    double number = 0;
    std::size_t at = 0;  ///< offset in the text

    [[nodiscard]] bool is(std::string_view sign) const noexcept {
        return kind == Kind::sign && text == sign;
    }
};

/// Splits the text of an expression into tokens (ECMA-262, 12).
class Lexer {
public:
    /// The text must outlive it.
    explicit Lexer(std::string_view text) noexcept : text_(text) {}

    /// `takes_pattern`: whether a '/' begins a pattern here, or divides.
    /// Error: bad_configuration.
    [[nodiscard]] Result<Token> next(bool takes_pattern);

    [[nodiscard]] static Error error_at(std::size_t at, const std::string& what);

private:
    [[nodiscard]] Result<void> skip_blanks();
    [[nodiscard]] Result<Token> number();
    [[nodiscard]] Result<Token> string();
    [[nodiscard]] Result<Token> pattern();
    [[nodiscard]] Result<Token> sign();
    [[nodiscard]] Result<void> escape(std::string& into);
    [[nodiscard]] Result<char32_t> hex(std::size_t digits);
    [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Appends a character in UTF-8.
void append_utf8(char32_t character, std::string& out);

}  // namespace ringside::gateway::valve
