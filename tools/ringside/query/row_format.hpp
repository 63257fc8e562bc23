#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ringside/sql.hpp"
#include "tools/ringside/query/row_output.hpp"
#include "tools/support/row_text.hpp"

namespace ringside::tools {

/// Writes the rows of a query.
class RowWriter {
public:
    virtual ~RowWriter() = default;
    virtual void begin(std::span<const std::string> columns) = 0;
    virtual void row(sql::Row row) = 0;
    /// Ends the rows, all of which were whole. Rows that were deferred are written now.
    virtual void end() {}
};

/// Formats rows as a text table, with columns as wide as necessary.
class TableText {
public:
    explicit TableText(std::span<const std::string> columns);
    void add(sql::Row row);
    /// Cuts long texts, the longest first, so that lines fit the width. Numbers are not cut, and
    /// columns of text keep a few characters, so that lines of many columns can be longer.
    void fit(std::size_t width);
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
    std::vector<std::size_t> number_widths_;  ///< of the widest number in the column
    std::vector<Shown> cells_;
};

/// Names of the formats: table, csv, json (an array of objects), jsonl, line (a value per line).
[[nodiscard]] std::span<const char* const> row_formats() noexcept;

/// `width`: maximum width of a table in columns of the terminal; none if tables are not cut.
/// `output` must outlive the writer. Throws ringside::Exception (bad_usage: no such format).
[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(const std::string& format,
                                                         RowOutput& output,
                                                         std::optional<std::size_t> width);

/// Formats a cell for people: NULL is empty, the rest as `printable`.
[[nodiscard]] std::string plain_text(const sql::Cell& cell);

}  // namespace ringside::tools
