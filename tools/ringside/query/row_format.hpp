#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ringside/sql.hpp"
#include "tools/support/row_text.hpp"

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

/// Rows as a table of text, in columns as wide as they need.
class TableText {
public:
    explicit TableText(std::span<const std::string> columns);
    void add(sql::Row row);
    /// The names, a rule and the rows.
    [[nodiscard]] std::vector<std::string> lines() const;

private:
    struct Shown {
        std::string text;
        bool is_number;
    };
    void append(std::string& line, const std::string& text, std::size_t column, bool right) const;

    std::vector<std::string> header_;
    std::vector<std::size_t> widths_;
    std::vector<Shown> cells_;
};

/// table, csv or jsonl. Throws ringside::Exception (bad_usage).
[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(const std::string& format);

/// As people read it: NULL is empty, the rest as `printable`.
[[nodiscard]] std::string plain_text(const sql::Cell& cell);

}  // namespace ringside::tools
