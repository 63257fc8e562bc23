#include "tools/ringside/query/row_format.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

constexpr std::array<const char*, 5> format_names{"table", "csv", "json", "jsonl", "line"};
constexpr std::size_t column_gap = 2;        ///< spaces between the columns of a table
constexpr std::size_t cut_column_width = 8;  ///< of a column of texts, at least
constexpr const char* cut_mark = "…";

class OutputRowWriter : public RowWriter {
public:
    explicit OutputRowWriter(RowOutput& output) : output_(output) {}

protected:
    RowOutput& output_;
};

/// Rows in columns, deferred until all rows are known.
class TableWriter : public OutputRowWriter {
public:
    TableWriter(RowOutput& output, std::optional<std::size_t> width)
        : OutputRowWriter(output), width_(width) {}
    void begin(std::span<const std::string> columns) override { table_.emplace(columns); }
    void row(sql::Row row) override { table_->add(row); }
    void end() override {
        if (width_) table_->fit(*width_);
        for (const std::string& line : table_->lines()) output_.line(line);
    }

private:
    std::optional<std::size_t> width_;
    std::optional<TableText> table_;
};

/// RFC 4180 with lines that end with LF, and with a header; NULL is empty, an empty text is "".
class CsvWriter : public OutputRowWriter {
public:
    using OutputRowWriter::OutputRowWriter;
    void begin(std::span<const std::string> columns) override { output_.data(csv_line(columns)); }
    void row(sql::Row row) override { output_.data(csv_line(row)); }
};

/// One JSON object per line.
class JsonLinesWriter : public OutputRowWriter {
public:
    using OutputRowWriter::OutputRowWriter;
    void begin(std::span<const std::string> columns) override { objects_.emplace(columns); }
    void row(sql::Row row) override { output_.data(objects_->of(row)); }

private:
    std::optional<JsonObjects> objects_;
};

/// A JSON array with one object per line.
class JsonWriter : public OutputRowWriter {
public:
    using OutputRowWriter::OutputRowWriter;
    void begin(std::span<const std::string> columns) override { objects_.emplace(columns); }
    void row(sql::Row row) override {
        // The comma follows when it is known that the row is not the last one.
        if (!last_.empty()) output_.data(last_ + ",");
        last_ = (last_.empty() ? "[" : " ") + objects_->of(row);
    }
    void end() override { output_.data(last_.empty() ? "[]" : last_ + "]"); }

private:
    std::optional<JsonObjects> objects_;
    std::string last_;
};

/// A line `column = value` for each value, and an empty line between rows.
class LineWriter : public OutputRowWriter {
public:
    using OutputRowWriter::OutputRowWriter;
    void begin(std::span<const std::string> columns) override {
        std::size_t width = 0;
        for (const std::string& column : columns) {
            width = std::max(width, display_width(printable(column)));
        }
        for (const std::string& column : columns) {
            labels_.push_back(pad_left(printable(column), width) + " = ");
        }
    }
    void row(sql::Row row) override {
        if (std::exchange(has_rows_, true)) output_.line("");
        for (std::size_t i = 0; i < row.size(); ++i) output_.line(labels_[i] + plain_text(row[i]));
    }

private:
    std::vector<std::string> labels_;
    bool has_rows_ = false;
};

std::string cut_to_width(const std::string& text, std::size_t width) {
    if (display_width(text) <= width) return text;
    return std::string(clip_to_width(text, width - 1)) + cut_mark;
}

}  // namespace

TableText::TableText(std::span<const std::string> columns) : number_widths_(columns.size(), 0) {
    for (const std::string& column : columns) {
        header_.push_back(printable(column));
        widths_.push_back(display_width(header_.back()));
    }
}

void TableText::add(sql::Row row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        cells_.push_back({plain_text(row[i]), is_number(row[i])});
        const std::size_t width = display_width(cells_.back().text);
        widths_[i] = std::max(widths_[i], width);
        if (cells_.back().is_number) number_widths_[i] = std::max(number_widths_[i], width);
    }
}

void TableText::fit(std::size_t width) {
    const std::size_t gaps = column_gap * (std::max<std::size_t>(header_.size(), 1) - 1);
    const auto least = [&](std::size_t i) {
        return std::min(widths_[i], std::max(number_widths_[i], cut_column_width));
    };
    const auto cut_widths = [&](std::size_t cap) {
        std::vector<std::size_t> cut;
        for (std::size_t i = 0; i < widths_.size(); ++i) {
            cut.push_back(std::max(std::min(widths_[i], cap), least(i)));
        }
        return cut;
    };
    const auto is_too_wide = [&](const std::vector<std::size_t>& widths) {
        return std::accumulate(widths.begin(), widths.end(), gaps) > width;
    };
    if (!is_too_wide(widths_)) return;
    // The largest width that columns can have so that the sum fits.
    std::size_t cap = cut_column_width;
    for (std::size_t step = width; step > 0; step /= 2) {
        while (!is_too_wide(cut_widths(cap + step)) && cap + step <= width) cap += step;
    }
    widths_ = cut_widths(cap);
    for (std::size_t i = 0; i < header_.size(); ++i) {
        header_[i] = cut_to_width(header_[i], widths_[i]);
    }
    for (std::size_t at = 0; at < cells_.size(); ++at) {
        cells_[at].text = cut_to_width(cells_[at].text, widths_[at % header_.size()]);
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
    if (column > 0) line.append(column_gap, ' ');
    line += right ? pad_left(text, widths_[column]) : pad_right(text, widths_[column]);
}

std::span<const char* const> row_formats() noexcept { return format_names; }

std::unique_ptr<RowWriter> make_row_writer(const std::string& format, RowOutput& output,
                                           std::optional<std::size_t> width) {
    if (format == "table") return std::make_unique<TableWriter>(output, width);
    if (format == "csv") return std::make_unique<CsvWriter>(output);
    if (format == "json") return std::make_unique<JsonWriter>(output);
    if (format == "jsonl") return std::make_unique<JsonLinesWriter>(output);
    if (format == "line") return std::make_unique<LineWriter>(output);
    throw Exception(Error(Errc::bad_usage,
                          "unknown format '" + format + "'; use table, csv, json, jsonl or line"));
}

std::string plain_text(const sql::Cell& cell) { return printable(raw_text(cell, "")); }

}  // namespace ringside::tools
