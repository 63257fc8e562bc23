#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ringside::tools {

/// The rows of a query, for the table and the chart.
struct ReportTable {
    struct Cell {
        std::string text;
        std::optional<double> number{};
    };
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
};

}  // namespace ringside::tools
