#include "tools/ringside/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

constexpr std::size_t column_width_min = 14;

void append(std::string& out, const std::string& key, const Report::Cell& value) {
    if (value.is_number) append_member(out, key, std::stoull(value.text));
    else append_member(out, key, std::string_view(value.text));
}

}  // namespace

void Report::section(const std::string& title) {
    if (!json_) {
        out_ += (out_.empty() ? "" : "\n") + title + '\n';
        return;
    }
    close_section();
    out_ += (out_.empty() ? "{" : ",");
    out_ += '"' + title + "\":{";
    is_open_ = true;
}

void Report::fact(const std::string& key, const Cell& value, const std::string& note) {
    if (json_) append(out_, key, value);
    else out_ += fmt::format("  {:<22} {}  {}\n", key, pad_left(printable(value.text), 20), note);
}

void Report::table(const std::string& title, const std::vector<std::string>& columns,
                   const std::vector<std::vector<Cell>>& rows) {
    if (json_) table_as_json(title, columns, rows);
    else table_as_text(title, columns, rows);
}

void Report::table_as_json(const std::string& title, const std::vector<std::string>& columns,
                           const std::vector<std::vector<Cell>>& rows) {
    close_section();
    out_ += (out_.empty() ? "{\"" : ",\"") + title + "\":[";
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string row = "{";
        for (std::size_t c = 0; c < columns.size(); ++c) append(row, columns[c], rows[r][c]);
        out_ += (r == 0 ? "" : ",") + row + "}";
    }
    out_ += ']';
}

void Report::table_as_text(const std::string& title, const std::vector<std::string>& columns,
                           const std::vector<std::vector<Cell>>& rows) {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        std::size_t width = std::max(column_width_min, columns[c].size());
        for (const auto& row : rows) {
            width = std::max(width, display_width(printable(row[c].text)));
        }
        widths.push_back(width);
    }
    out_ += (out_.empty() ? "" : "\n") + title + "\n ";
    for (std::size_t c = 0; c < columns.size(); ++c)
        out_ += fmt::format(" {:>{}}", columns[c], widths[c]);
    out_ += '\n';
    for (const auto& row : rows) {
        out_ += ' ';
        for (std::size_t c = 0; c < columns.size(); ++c)
            out_ += ' ' + pad_left(printable(row[c].text), widths[c]);
        out_ += '\n';
    }
}

void Report::print() {
    if (json_) {
        close_section();
        out_ += '}';
    } else if (!out_.empty()) {
        out_.pop_back();
    }
    if (json_) print_data(out_);
    else print_line(out_);
}

void Report::close_section() {
    if (is_open_) out_ += '}';
    is_open_ = false;
}

}  // namespace ringside::tools
