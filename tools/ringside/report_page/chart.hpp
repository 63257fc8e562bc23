#pragma once

#include <string>
#include <string_view>

#include "tools/ringside/report_page/report_file.hpp"
#include "tools/ringside/report_page/report_table.hpp"

namespace ringside::tools {

/// The size of a chart. Text has the same size in both.
enum class ChartSize { wide, narrow };

/// Draws some columns as an SVG picture: grouped bars, or lines over a common x axis. It has
/// scales, a legend for several columns, and a title and description for screen readers. Lines over
/// numbers or times have an axis to scale. Colours follow the variables of the page, if it has any.
/// `id` must be unique in the page.
/// Errors: bad_configuration (no such column, a value that is no number, too many points).
[[nodiscard]] Result<std::string> draw_chart(const ChartSpec& spec, const ReportTable& table,
                                             const std::string& title, const std::string& id,
                                             ChartSize size);

/// Escapes text for XML or HTML, including attributes.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace ringside::tools
