#pragma once

#include <string_view>
#include <vector>

namespace ringside::sql {

/// A token of a statement, as SQLite would see it; longer operators come a character at a time.
struct Token {
    enum class Kind : char {
        word,    ///< a keyword or a name without quotes
        quoted,  ///< "…", `…` or […]: a name
        string,  ///< '…'
        number,
        mark,  ///< one character
    };
    Kind kind;
    std::size_t at;  ///< in the statement
    std::string_view text;

    /// Whether it is this keyword, which is given in upper case.
    [[nodiscard]] bool is(std::string_view keyword) const noexcept;
    [[nodiscard]] bool is_name() const noexcept {
        return kind == Kind::word || kind == Kind::quoted || kind == Kind::string;
    }
    /// Without its quotes; of doubled ones within, both.
    [[nodiscard]] std::string_view unquoted() const noexcept;
};

/// Without spaces and comments. The tokens look at the text.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text);

/// The same, letters of A to Z in either case.
[[nodiscard]] bool is_same_word(std::string_view a, std::string_view b) noexcept;

}  // namespace ringside::sql
