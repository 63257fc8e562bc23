#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ringside/sql.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

/// What the commands that run SQL have in common.
struct QueryOptions {
    std::vector<std::string> tables;
    std::string tables_file;
    std::uint64_t row_limit = limits::sql_rows_default;
    std::string time_limit = "30s";
    std::string lease = "1h";
    std::optional<Revision> at;

    void add_to(CLI::App& command);

    /// All declarations. Throws ringside::Exception (file_unreadable).
    [[nodiscard]] std::vector<std::string> declared_tables() const;

    /// A database at a snapshot of now, or of `at`. Throws ringside::Exception.
    [[nodiscard]] sql::Database open(const Client& client) const;
};

/// Declarations of tables: one a line; `#` begins a comment. Throws ringside::Exception
/// (file_unreadable).
[[nodiscard]] std::vector<std::string> read_tables(const std::string& path);

}  // namespace ringside::tools
