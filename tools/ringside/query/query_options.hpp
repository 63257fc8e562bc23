#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ringside/sql.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

/// Options that all commands with SQL share.
struct QueryOptions {
    std::vector<std::string> tables;
    std::string tables_file;
    std::uint64_t row_limit = limits::sql_rows_default;
    std::string time_limit = "30s";
    std::string lease = "1h";
    std::optional<Revision> at;

    void add_to(CLI::App& command);

    /// Returns all declarations. Throws ringside::Exception (file_unreadable).
    [[nodiscard]] std::vector<std::string> declared_tables() const;

    /// Opens a database over the current snapshot, or over that of `at`. Throws
    /// ringside::Exception.
    [[nodiscard]] sql::Database open(const Client& client) const;
};

/// Reads declarations of tables, one per line; `#` begins a comment. Throws ringside::Exception
/// (file_unreadable).
[[nodiscard]] std::vector<std::string> read_tables(const std::string& path);

}  // namespace ringside::tools
