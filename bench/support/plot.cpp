#include "bench/support/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace ringside::bench {

namespace {

constexpr double width = 720;
constexpr double height = 420;
constexpr double left = 80;
constexpr double right = 190;  // space for the legend
constexpr double top = 44;
constexpr double bottom = 56;

// Distinguishable also with red-green color blindness (Okabe and Ito).
constexpr std::array colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

/// Maps values to positions along an axis.
class Axis {
public:
    Axis(std::vector<double> values, double begin, double end) : begin_(begin), end_(end) {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        low_ = std::log10(*low) - 0.08;
        high_ = std::log10(*high) + 0.08;
    }
    [[nodiscard]] double place(double value) const {
        return begin_ + (std::log10(value) - low_) / (high_ - low_) * (end_ - begin_);
    }
    /// Returns 1, 2 and 5 times each power of ten, or only the powers if there are many.
    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> ticks;
        for (double power = std::floor(low_); power <= high_; ++power) {
            for (const double digit : {1.0, 2.0, 5.0}) {
                const double exponent = power + std::log10(digit);
                if (digit > 1 && high_ - low_ > 2.6) continue;
                if (exponent >= low_ && exponent <= high_) ticks.push_back(std::pow(10, exponent));
            }
        }
        return ticks;
    }

private:
    double begin_;
    double end_;
    double low_ = 0;
    double high_ = 0;
};

std::string short_number(double value) {
    if (value >= 0.99e6) return fmt::format("{:.3g}M", value / 1e6);
    if (value >= 0.99e3) return fmt::format("{:.3g}k", value / 1e3);
    return fmt::format("{:.3g}", value);
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text,
                    const std::string& more = "") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                       anchor, more, text);
}

std::string line_between(double x1, double y1, double x2, double y2, const char* colour) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1,
        x2, y2, colour);
}

std::string grid_lines(const Axis& x, const Axis& y) {
    std::string out;
    for (const double tick : x.ticks()) {
        out += line_between(x.place(tick), top, x.place(tick), height - bottom, "#ddd");
        out += text_at(x.place(tick), height - bottom + 18, "middle", short_number(tick));
    }
    for (const double tick : y.ticks()) {
        out += line_between(left, y.place(tick), width - right, y.place(tick), "#ddd");
        out += text_at(left - 8, y.place(tick) + 4, "end", short_number(tick));
    }
    out += line_between(left, height - bottom, width - right, height - bottom, "#333");
    return out + line_between(left, top, left, height - bottom, "#333");
}

std::string drawn(const Plot::Line& line, std::size_t index, const Axis& x, const Axis& y) {
    const char* colour = colours[line.colour % colours.size()];
    const char* dashes = line.is_dashed ? " stroke-dasharray=\"6 4\"" : "";
    std::string path;
    std::string marks;
    for (const auto& [at, value] : line.points) {
        path += fmt::format("{:.1f},{:.1f} ", x.place(at), y.place(value));
        marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n",
                             x.place(at), y.place(value), colour);
    }
    const double legend_y = top + 12 + 22 * static_cast<double>(index);
    const double legend_x = width - right + 16;
    return fmt::format(
               "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{}/>\n{}"
               "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
               "stroke-width=\"3\"{}/>\n",
               path, colour, dashes, marks, legend_x, legend_y - 4, legend_x + 16, legend_y - 4,
               colour, dashes) +
           text_at(legend_x + 22, legend_y, "start", line.name);
}

}  // namespace

std::string Plot::svg() const {
    std::vector<double> xs;
    std::vector<double> ys;
    for (const Line& line : lines) {
        for (const auto& [x, y] : line.points) {
            xs.push_back(x);
            ys.push_back(y);
        }
    }
    if (xs.empty()) throw std::runtime_error("nothing to plot: " + title);
    const Axis x(xs, left, width - right);
    const Axis y(ys, height - bottom, top);
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        width, height);
    out += text_at(left, 24, "start", title, " font-size=\"15\" font-weight=\"bold\"");
    out += grid_lines(x, y);
    for (std::size_t i = 0; i < lines.size(); ++i) out += drawn(lines[i], i, x, y);
    out += text_at((left + width - right) / 2, height - 14, "middle", x_label);
    out += text_at(0, 0, "middle", y_label,
                   fmt::format(" transform=\"translate(20 {:.1f}) rotate(-90)\"",
                               (top + height - bottom) / 2));
    return out + "</svg>\n";
}

void Plot::write(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    if (!(std::ofstream(path) << svg())) throw std::runtime_error("cannot write " + path);
}

}  // namespace ringside::bench
