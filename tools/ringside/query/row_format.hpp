#pragma once

#include <memory>
#include <span>
#include <string>

#include "ringside/sql.hpp"

namespace ringside::tools {

/// Writes the rows of a query to standard output.
class RowWriter {
public:
    virtual ~RowWriter() = default;
    virtual void begin(std::span<const std::string> columns) = 0;
    virtual void row(sql::Row row) = 0;
    /// All rows were whole. What was kept back until then is written now.
    virtual void end() {}
};

/// table, csv or jsonl. Throws ringside::Exception (bad_configuration).
[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(const std::string& format);

/// As people read it: NULL is empty, control characters are shown as escapes.
[[nodiscard]] std::string plain_text(const sql::Cell& cell);
[[nodiscard]] inline bool is_number(const sql::Cell& cell) noexcept {
    return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}
/// Characters, not bytes.
[[nodiscard]] std::size_t width_of(std::string_view text) noexcept;

}  // namespace ringside::tools
