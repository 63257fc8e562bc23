#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ringside::bench {

/// Lines over two logarithmic axes, as SVG. Coordinates are positive.
struct Plot {
    struct Line {
        std::string name;
        std::vector<std::pair<double, double>> points;
        std::size_t colour;  ///< of a few; those that belong together share one
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
