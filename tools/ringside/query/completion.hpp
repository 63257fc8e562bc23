#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/sql.hpp"

namespace ringside::tools {

/// The candidates for the word before the cursor.
struct Completion {
    std::size_t word_at = 0;  ///< byte offset of the word in the line
    std::vector<std::string> candidates{};
};

/// Completes a line of the prompt: commands of the prompt and their arguments, names of tables and
/// columns, keywords and functions of SQL. Upper and lower case are the same; keywords follow the
/// case of the word. Thread safety: one thread.
class QueryCompletion {
public:
    explicit QueryCompletion(std::vector<sql::Table> tables) : tables_(std::move(tables)) {}

    /// `line` is the text before the cursor.
    [[nodiscard]] Completion operator()(std::string_view line) const;

private:
    [[nodiscard]] std::vector<std::string> table_names() const;
    [[nodiscard]] std::vector<std::string> column_names() const;
    [[nodiscard]] Completion of_command(std::string_view line) const;
    [[nodiscard]] Completion of_statement(std::string_view line) const;

    std::vector<sql::Table> tables_;
};

}  // namespace ringside::tools
