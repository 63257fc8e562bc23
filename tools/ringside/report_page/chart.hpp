#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/ringside/report_page/report_file.hpp"

namespace ringside::tools {

/// What a query has found, kept to be drawn and written.
struct ReportTable {
    struct Cell {
        std::string text;
        std::optional<double> number{};
    };
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
};

/// An SVG picture of some columns: grouped bars, or lines over a common x axis, with a scale, a
/// legend where there are several, and a title and description for those who do not see it. Its
/// colours follow the page's variables, where it has any.
/// Errors: bad_configuration (no such column, a value that is no number, too many points).
[[nodiscard]] Result<std::string> draw_chart(const ChartSpec& spec, const ReportTable& table,
                                             const std::string& title, const std::string& id);

/// As text of XML or HTML, also within an attribute.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace ringside::tools
