#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ringside::bench {

/// A line plot over two logarithmic axes, as SVG. Coordinates are positive.
struct Plot {
    struct Line {
        std::string name;
        std::vector<std::pair<double, double>> points;
        std::size_t colour;  ///< index of a palette; related lines share one
        bool is_dashed = false;
    };
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Line> lines;

    [[nodiscard]] std::string svg() const;
    void write(const std::string& path) const;
};

}  // namespace ringside::bench
