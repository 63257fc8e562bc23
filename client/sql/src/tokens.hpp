#pragma once

#include <string_view>
#include <vector>

namespace ringside::sql {

/// A token of a statement, as SQLite would see it. Longer operators are returned character by
/// character.
struct Token {
    enum class Kind : char {
        word,    ///< a keyword or an unquoted name
        quoted,  ///< "…", `…` or […]: a name
        string,  ///< '…'
        number,
        mark,  ///< one character
    };
    Kind kind;
    std::size_t at;  ///< offset in the statement
    std::string_view text;

    /// Returns whether it is this keyword, which is given in upper case.
    [[nodiscard]] bool is(std::string_view keyword) const noexcept;
    [[nodiscard]] bool is_name() const noexcept {
        return kind == Kind::word || kind == Kind::quoted || kind == Kind::string;
    }
    /// Removes the quotes. Doubled quotes within the text remain doubled.
    [[nodiscard]] std::string_view unquoted() const noexcept;
};

/// Returns the tokens without spaces and comments. The tokens are views of the text.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text);

/// Compares two words; letters A to Z match in either case.
[[nodiscard]] bool is_same_word(std::string_view a, std::string_view b) noexcept;

}  // namespace ringside::sql
