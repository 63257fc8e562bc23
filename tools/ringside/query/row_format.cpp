#include "tools/ringside/query/row_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

/// A real is told from an integer, as in SQL.
std::string real_text(double number) {
    if (!std::isfinite(number)) return number > 0 ? "Inf" : "-Inf";
    std::string text = fmt::format("{}", number);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string hexadecimal(ByteView bytes) {
    std::string text;
    for (const Byte byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

/// The text of a cell; of NULL `null`.
std::string raw_text(const sql::Cell& cell, const char* null) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    if (const auto* number = std::get_if<double>(&cell)) return real_text(*number);
    if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
    if (const auto* bytes = std::get_if<ByteView>(&cell)) return hexadecimal(*bytes);
    return null;
}

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
    void begin(std::span<const std::string> columns) override {
        std::string line;
        for (const std::string& column : columns) append(line, field(column));
        print(line);
    }
    void row(sql::Row row) override {
        std::string line;
        for (const sql::Cell& cell : row) {
            const auto* text = std::get_if<std::string_view>(&cell);
            append(line, text != nullptr ? field(*text) : raw_text(cell, ""));
        }
        print(line);
    }

private:
    static void append(std::string& line, const std::string& text) { line += text + ','; }
    static void print(std::string& line) {
        line.pop_back();
        print_line(line);
    }
    static std::string field(std::string_view text) {
        if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
            return std::string(text);
        }
        std::string quoted = "\"";
        for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
        return quoted + '"';
    }
};

/// One JSON object a line.
class JsonLinesWriter : public RowWriter {
public:
    void begin(std::span<const std::string> columns) override { objects_.emplace(columns); }
    void row(sql::Row row) override { print_line(objects_->of(row)); }

private:
    std::optional<JsonObjects> objects_;
};

std::string json_string(std::string_view text) {
    DocumentBuilder builder;
    builder.string(text);
    return to_json(Value::of(builder.finish().value()));
}

std::string json(const sql::Cell& cell) {
    if (const auto* number = std::get_if<double>(&cell); number && !std::isfinite(*number)) {
        return "null";
    }
    if (is_number(cell)) return raw_text(cell, "null");
    if (std::holds_alternative<std::monostate>(cell)) return "null";
    return json_string(raw_text(cell, ""));
}

}  // namespace

TableText::TableText(std::span<const std::string> columns)
    : header_(columns.begin(), columns.end()) {
    for (const std::string& column : columns) widths_.push_back(width_of(column));
}

void TableText::add(sql::Row row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        cells_.push_back({plain_text(row[i]), is_number(row[i])});
        widths_[i] = std::max(widths_[i], width_of(cells_.back().text));
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
    const std::string padding(widths_[column] - width_of(text), ' ');
    line += right ? padding + text : text + padding;
}

JsonObjects::JsonObjects(std::span<const std::string> columns) {
    for (const std::string& column : columns) keys_.push_back(json_string(column) + ":");
}

std::string JsonObjects::of(sql::Row row) const {
    std::string text = "{";
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += ',';
        text += keys_[i] + json(row[i]);
    }
    return text + "}";
}

std::unique_ptr<RowWriter> make_row_writer(const std::string& format) {
    if (format == "table") return std::make_unique<TableWriter>();
    if (format == "csv") return std::make_unique<CsvWriter>();
    if (format == "jsonl") return std::make_unique<JsonLinesWriter>();
    throw Exception(Error(Errc::bad_configuration,
                          "'" + format + "' is not a format: use table, csv or jsonl"));
}

std::string plain_text(const sql::Cell& cell) {
    std::string text;
    for (const char c : raw_text(cell, "")) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) text += c;
        else if (c == '\n') text += "\\n";
        else if (c == '\t') text += "\\t";
        else text += fmt::format("\\x{:02x}", byte);
    }
    return text;
}

std::size_t width_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

}  // namespace ringside::tools
