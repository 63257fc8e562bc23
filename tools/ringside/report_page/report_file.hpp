#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"

namespace ringside::tools {

/// The columns that a chart shows.
struct ChartSpec {
    enum class Kind { bar, line };
    Kind kind = Kind::bar;
    std::string x;
    std::vector<std::string> y;  ///< one or more
};

struct ReportQuery {
    std::string name;
    std::vector<std::string> paragraphs{};
    std::optional<ChartSpec> chart{};
    std::string statement{};
    std::size_t line = 0;  ///< of the statement in the file, counted from 1
};

/// A file of named queries with directives in its comments:
///
///     -- title: The sale
///     -- table: seats=event/*/seat/*(event:1, status, price INTEGER)
///     -- text: A paragraph at the top of the page.
///
///     -- name: Sales per event
///     -- text: A paragraph above the table.
///     -- chart: bar x=event y=sold,held
///     SELECT …;
///
/// Each statement ends with `;`. Other comments are left to SQL.
struct ReportFile {
    std::string title;
    std::vector<std::string> tables{};
    std::vector<std::string> paragraphs{};
    std::vector<ReportQuery> queries{};

    /// Errors: bad_configuration, with the line.
    [[nodiscard]] static Result<ReportFile> parse(std::string_view text,
                                                  const std::string& default_title);
};

}  // namespace ringside::tools
