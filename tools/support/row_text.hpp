#pragma once

#include <span>
#include <string>
#include <vector>

#include "ringside/sql.hpp"

/// Rows of a query as text for programs.
namespace ringside::tools {

/// Formats NULL as `null_text`, blobs as hexadecimal digits, and numbers so that they read back
/// unchanged.
[[nodiscard]] std::string raw_text(const sql::Cell& cell, std::string_view null_text);

/// Formats a value as JSON: blobs as strings of hexadecimal digits, infinite numbers as "Inf" and
/// "-Inf".
[[nodiscard]] std::string json_text(const sql::Cell& cell);

/// Formats rows as JSON objects. If columns have the same name, the second has the key `name:2`,
/// and so on.
class JsonObjects {
public:
    explicit JsonObjects(std::span<const std::string> columns);
    [[nodiscard]] std::string of(sql::Row row) const;

private:
    std::vector<std::string> keys_;
};

/// Formats a line of CSV (RFC 4180), without its end.
[[nodiscard]] std::string csv_line(sql::Row row);
[[nodiscard]] std::string csv_line(std::span<const std::string> names);

[[nodiscard]] inline bool is_number(const sql::Cell& cell) noexcept {
    return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

}  // namespace ringside::tools
