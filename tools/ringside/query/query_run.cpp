#include "tools/ringside/query/query_run.hpp"

#include <fmt/format.h>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/query/row_format.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

std::optional<std::size_t> table_width(const RowStyle& style, const RowOutput& output) {
    if (style.is_wide) return std::nullopt;
    if (style.width) return style.width;
    const std::size_t width = output.terminal_width();
    return width == 0 ? std::nullopt : std::optional(width);
}

}  // namespace

std::uint64_t run_query(sql::Database& database, std::string_view text, const RowStyle& style,
                        RowOutput& output) {
    sql::Statement statement = database.query(text).value();
    const auto writer = make_row_writer(style.format, output, table_width(style, output));
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
    const std::size_t columns = display_width(printable(text.substr(begin, *offset - begin)));
    fmt::print(stderr, "  {}\n  {}^\n", printable(text.substr(begin, end - begin)),
               std::string(columns, ' '));
}

}  // namespace ringside::tools
