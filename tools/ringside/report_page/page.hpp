#pragma once

#include <string>
#include <vector>

#include "shm/base/types.hpp"
#include "tools/ringside/report_page/chart.hpp"

namespace ringside::tools {

/// A query of a report with its result.
struct PageSection {
    std::string name;
    std::vector<std::string> paragraphs;
    std::string chart;         ///< SVG; empty if there is none
    std::string narrow_chart;  ///< the same for the screen of a phone
    ReportTable table;
};

/// A complete report.
struct Page {
    std::string title;
    std::string grid;
    Revision revision = 0;
    std::string time;  ///< of the snapshot, in UTC
    std::vector<std::string> paragraphs;
    std::vector<PageSection> sections;
};

/// GitHub's Markdown, with charts as inline SVG.
[[nodiscard]] std::string as_markdown(const Page& page);

/// A self-contained file with light and dark themes.
[[nodiscard]] std::string as_html(const Page& page);

}  // namespace ringside::tools
