#include "tools/ringside/report.hpp"

#include <fmt/format.h>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

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
    else out_ += fmt::format("  {:<22} {:>20}  {}\n", key, value.text, note);
}

void Report::table(const std::string& title, const std::vector<std::string>& columns,
                   const std::vector<std::vector<Cell>>& rows) {
    if (json_) {
        close_section();
        out_ += ",\"" + title + "\":[";
        for (std::size_t r = 0; r < rows.size(); ++r) {
            std::string row = "{";
            for (std::size_t c = 0; c < columns.size(); ++c) append(row, columns[c], rows[r][c]);
            out_ += (r == 0 ? "" : ",") + row + "}";
        }
        out_ += ']';
        return;
    }
    out_ += '\n' + title + "\n ";
    for (const std::string& column : columns) out_ += fmt::format(" {:>14}", column);
    out_ += '\n';
    for (const auto& row : rows) {
        out_ += ' ';
        for (const Cell& cell : row) out_ += fmt::format(" {:>14}", cell.text);
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
    print_line(out_);
}

void Report::close_section() {
    if (is_open_) out_ += '}';
    is_open_ = false;
}

}  // namespace ringside::tools
