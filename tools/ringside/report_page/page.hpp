#pragma once

#include <string>
#include <vector>

#include "shm/base/types.hpp"
#include "tools/ringside/report_page/chart.hpp"

namespace ringside::tools {

/// One query of a report with what it has found.
struct PageSection {
    std::string name;
    std::vector<std::string> paragraphs;
    std::string chart;  ///< SVG; empty: none
    ReportTable table;
};

/// A report that is ready to be written.
struct Page {
    std::string title;
    std::string grid;
    Revision revision = 0;
    std::string time;  ///< when the snapshot was taken, in UTC
    std::vector<std::string> paragraphs;
    std::vector<PageSection> sections;
};

/// GitHub's Markdown, with charts as inline SVG.
[[nodiscard]] std::string as_markdown(const Page& page);

/// One file that needs no other, in light and dark.
[[nodiscard]] std::string as_html(const Page& page);

}  // namespace ringside::tools
