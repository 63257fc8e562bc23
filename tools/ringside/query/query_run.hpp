#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/sql.hpp"
#include "tools/ringside/query/row_output.hpp"

namespace ringside::tools {

/// How rows are written.
struct RowStyle {
    std::string format;    ///< see row_formats()
    bool is_wide = false;  ///< do not cut the values of tables
    /// Maximum width of a table; the default is that of the terminal.
    std::optional<std::size_t> width{};
};

/// Runs one statement, writes its rows and returns their count. Throws ringside::Exception; rows
/// that a row limit has cut short are written before.
std::uint64_t run_query(sql::Database& database, std::string_view text, const RowStyle& style,
                        RowOutput& output);

/// Prints the error of a statement to standard error, with the line and a mark below the position.
void complain_about(const Error& error, std::string_view text, std::optional<std::size_t> offset);

}  // namespace ringside::tools
