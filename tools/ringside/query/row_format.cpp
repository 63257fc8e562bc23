#include "tools/ringside/query/row_format.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

/// Rows in columns; kept back until all are there.
class TableWriter : public RowWriter {
public:
    void begin(std::span<const std::string> columns) override { table_.emplace(columns); }
    void row(sql::Row row) override { table_->add(row); }
    void end() override {
        for (const std::string& line : table_->lines()) print_line(line);
    }

private:
    std::optional<TableText> table_;
};

/// RFC 4180, with a header; NULL is empty, an empty text is "".
class CsvWriter : public RowWriter {
public:
    void begin(std::span<const std::string> columns) override { print_data(csv_line(columns)); }
    void row(sql::Row row) override { print_data(csv_line(row)); }
};

/// One JSON object a line.
class JsonLinesWriter : public RowWriter {
public:
    void begin(std::span<const std::string> columns) override { objects_.emplace(columns); }
    void row(sql::Row row) override { print_data(objects_->of(row)); }

private:
    std::optional<JsonObjects> objects_;
};

}  // namespace

TableText::TableText(std::span<const std::string> columns) {
    for (const std::string& column : columns) {
        header_.push_back(printable(column));
        widths_.push_back(display_width(header_.back()));
    }
}

void TableText::add(sql::Row row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        cells_.push_back({plain_text(row[i]), is_number(row[i])});
        widths_[i] = std::max(widths_[i], display_width(cells_.back().text));
    }
}

std::vector<std::string> TableText::lines() const {
    std::vector<std::string> lines;
    std::string line;
    const auto end_line = [&] {
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(std::exchange(line, {}));
    };
    for (std::size_t i = 0; i < header_.size(); ++i) append(line, header_[i], i, false);
    end_line();
    for (std::size_t i = 0; i < header_.size(); ++i) {
        append(line, std::string(widths_[i], '-'), i, false);
    }
    end_line();
    for (std::size_t at = 0; at < cells_.size(); at += header_.size()) {
        for (std::size_t i = 0; i < header_.size(); ++i) {
            append(line, cells_[at + i].text, i, cells_[at + i].is_number);
        }
        end_line();
    }
    return lines;
}

void TableText::append(std::string& line, const std::string& text, std::size_t column,
                       bool right) const {
    if (column > 0) line += "  ";
    line += right ? pad_left(text, widths_[column]) : pad_right(text, widths_[column]);
}

std::unique_ptr<RowWriter> make_row_writer(const std::string& format) {
    if (format == "table") return std::make_unique<TableWriter>();
    if (format == "csv") return std::make_unique<CsvWriter>();
    if (format == "jsonl") return std::make_unique<JsonLinesWriter>();
    throw Exception(
        Error(Errc::bad_usage, "'" + format + "' is not a format: use table, csv or jsonl"));
}

std::string plain_text(const sql::Cell& cell) { return printable(raw_text(cell, "")); }

}  // namespace ringside::tools
