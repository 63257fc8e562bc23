#include "tools/ringside/query/query_run.hpp"

#include <fmt/format.h>

#include "tools/ringside/context.hpp"
#include "tools/ringside/query/row_format.hpp"

namespace ringside::tools {

std::uint64_t run_query(sql::Database& database, std::string_view text, const std::string& format) {
    sql::Statement statement = database.query(text).value();
    const auto writer = make_row_writer(format);
    writer->begin(statement.columns());
    std::uint64_t rows = 0;
    for (;;) {
        const auto row = statement.next();
        const bool is_cut_short =
            !row && row.error() == Errc::query_too_large && row.error().detail == "rows";
        if (!row && is_cut_short) writer->end();
        if (!row) throw Exception(row.error());
        if (!*row) break;
        writer->row(**row);
        ++rows;
    }
    writer->end();
    return rows;
}

void complain_about(const Error& error, std::string_view text, std::optional<std::size_t> offset) {
    complain(error);
    if (!offset || *offset > text.size()) return;
    const std::size_t before = text.rfind('\n', *offset == 0 ? 0 : *offset - 1);
    const std::size_t begin =
        before == std::string_view::npos || before >= *offset ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', *offset), text.size());
    std::string mark;
    for (const char c : text.substr(begin, *offset - begin)) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) mark += c == '\t' ? '\t' : ' ';
    }
    fmt::print(stderr, "  {}\n  {}^\n", text.substr(begin, end - begin), mark);
}

}  // namespace ringside::tools
