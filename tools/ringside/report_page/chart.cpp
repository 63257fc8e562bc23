#include "tools/ringside/report_page/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "shm/base/limits.hpp"
#include "tools/ringside/report_page/scale.hpp"

namespace ringside::tools {

namespace {

constexpr int labels_max = 12;  ///< below the x axis, so that they do not touch
constexpr std::size_t label_characters_max = 14;
constexpr double width = 720;
constexpr double height = 320;
constexpr double left = 64;
constexpr double right = 16;
constexpr double top = 40;
constexpr double bottom = 44;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr std::array colours{"#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#64748b"};

/// A colour that a page can set for its light and dark looks.
std::string colour(std::size_t series) {
    const std::size_t i = series % colours.size();
    return fmt::format("var(--series-{}, {})", i + 1, colours[i]);
}

/// 1200000 as 1.2M: ticks have to be short.
std::string short_number(double number) {
    constexpr std::array<std::pair<double, const char*>, 3> units{
        {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
    for (const auto& [unit, name] : units) {
        if (std::fabs(number) >= unit * 10 || (std::fabs(number) >= unit && unit > 1e3)) {
            return fmt::format("{:.4g}{}", number / unit, name);
        }
    }
    return fmt::format("{:.6g}", number);
}

std::string short_label(const std::string& text) {
    std::string label;
    std::size_t characters = 0;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && ++characters > label_characters_max) {
            return label + "…";
        }
        label += c;
    }
    return label;
}

/// One chart while it is drawn.
class Drawing {
public:
    Drawing(const ChartSpec& spec, const ReportTable& table) : spec_(spec), table_(table) {}

    Result<std::string> draw(const std::string& title, const std::string& id) {
        if (auto read = read_columns(); !read) return read.error();
        open(title, id);
        draw_scale();
        draw_labels();
        if (spec_.kind == ChartSpec::Kind::bar) draw_bars();
        else draw_lines();
        if (spec_.y.size() > 1) draw_legend();
        return svg_ + "</svg>\n";
    }

private:
    Result<void> read_columns() {
        if (table_.rows.size() > limits::report_chart_rows_max) {
            return Error(Errc::bad_configuration,
                         fmt::format("a chart of {} rows: {} at most", table_.rows.size(),
                                     limits::report_chart_rows_max));
        }
        const auto x = place_of(spec_.x);
        if (!x) return x.error();
        x_ = *x;
        for (const std::string& name : spec_.y) {
            const auto y = place_of(name);
            if (!y) return y.error();
            y_.push_back(*y);
        }
        double low = 0;
        double high = 0;
        for (const auto& row : table_.rows) {
            for (const std::size_t y : y_) {
                if (!row[y].text.empty() && !row[y].number) {
                    return Error(Errc::bad_configuration,
                                 fmt::format("a chart of '{}' in column '{}': not a number",
                                             row[y].text, table_.columns[y]));
                }
                low = std::min(low, row[y].number.value_or(0));
                high = std::max(high, row[y].number.value_or(0));
            }
        }
        scale_ = Scale::covering(low, high, 5);
        return {};
    }

    Result<std::size_t> place_of(const std::string& name) const {
        const auto found = std::find(table_.columns.begin(), table_.columns.end(), name);
        if (found != table_.columns.end()) {
            return static_cast<std::size_t>(found - table_.columns.begin());
        }
        return Error(Errc::bad_configuration,
                     "a chart of '" + name + "': the query has no such column");
    }

    void open(const std::string& title, const std::string& id) {
        std::string series;
        for (const std::string& name : spec_.y) series += (series.empty() ? "" : ", ") + name;
        const std::string what = fmt::format("{} chart of {} by {}, {} points.",
                                             spec_.kind == ChartSpec::Kind::bar ? "Bar" : "Line",
                                             series, spec_.x, table_.rows.size());
        svg_ = fmt::format(
            "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
            "width=\"{}\" role=\"img\" aria-labelledby=\"{}-title {}-what\" "
            "font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"currentColor\">\n"
            "<title id=\"{}-title\">{}</title>\n<desc id=\"{}-what\">{}</desc>\n",
            width, height, width, id, id, id, escaped(title), id, escaped(what));
        text(left, 16, "start", spec_.y.size() == 1 ? spec_.y.front() : "");
        text(left + plot_width / 2, height - 6, "middle", spec_.x);
    }

    void text(double x, double y, const char* anchor, const std::string& content) {
        if (content.empty()) return;
        svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                            anchor, escaped(content));
    }

    [[nodiscard]] double y_of(double value) const noexcept {
        return top + plot_height * (1 - scale_.place(value));
    }
    /// The middle of a row's place on the x axis.
    [[nodiscard]] double x_of(std::size_t row) const noexcept {
        const auto count = static_cast<double>(std::max<std::size_t>(table_.rows.size(), 1));
        return left + plot_width * (static_cast<double>(row) + 0.5) / count;
    }

    void draw_scale() {
        for (const double tick : scale_.ticks()) {
            const double y = y_of(tick);
            const bool is_base = std::fabs(tick) < scale_.step / 1000;
            svg_ += fmt::format(
                "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"currentColor\" "
                "stroke-opacity=\"{}\"/>\n",
                left, left + plot_width, y, y, is_base ? "0.6" : "0.15");
            text(left - 8, y + 4, "end", short_number(is_base ? 0 : tick));
        }
    }

    void draw_labels() {
        const std::size_t count = table_.rows.size();
        const std::size_t every = (count + labels_max - 1) / labels_max;
        for (std::size_t i = 0; i < count; i += every) {
            text(x_of(i), top + plot_height + 18, "middle", short_label(table_.rows[i][x_].text));
        }
    }

    void draw_bars() {
        const auto rows = static_cast<double>(std::max<std::size_t>(table_.rows.size(), 1));
        const double group = plot_width / rows * 0.8;
        const double bar = group / static_cast<double>(y_.size());
        for (std::size_t row = 0; row < table_.rows.size(); ++row) {
            for (std::size_t series = 0; series < y_.size(); ++series) {
                const auto& cell = table_.rows[row][y_[series]];
                if (!cell.number) continue;
                const double x = x_of(row) - group / 2 + bar * static_cast<double>(series);
                const double high = y_of(std::max(*cell.number, 0.0));
                const double low = y_of(std::min(*cell.number, 0.0));
                svg_ += fmt::format(
                    "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                    "fill=\"{}\"><title>{}</title></rect>\n",
                    x, high, std::max(bar * 0.92, 0.5), std::max(low - high, 0.5), colour(series),
                    escaped(point_text(row, series)));
            }
        }
    }

    [[nodiscard]] std::string point_text(std::size_t row, std::size_t series) const {
        return fmt::format("{}: {} {}", table_.rows[row][x_].text, table_.columns[y_[series]],
                           table_.rows[row][y_[series]].text);
    }

    /// A gap where there is no value.
    void draw_lines() {
        for (std::size_t series = 0; series < y_.size(); ++series) {
            std::string path;
            std::string points;
            bool is_in_line = false;
            for (std::size_t row = 0; row < table_.rows.size(); ++row) {
                const auto& cell = table_.rows[row][y_[series]];
                if (cell.number) {
                    path += fmt::format("{}{:.1f} {:.1f} ", is_in_line ? 'L' : 'M', x_of(row),
                                        y_of(*cell.number));
                    points += fmt::format(
                        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
                        x_of(row), y_of(*cell.number), table_.rows.size() > 60 ? 1.5 : 3,
                        escaped(point_text(row, series)));
                }
                is_in_line = cell.number.has_value();
            }
            svg_ += fmt::format(
                "<g fill=\"{}\"><path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
                "stroke-linejoin=\"round\"/>\n{}</g>\n",
                colour(series), path, colour(series), points);
        }
    }

    void draw_legend() {
        double x = left;
        for (std::size_t series = 0; series < spec_.y.size(); ++series) {
            const std::string label = short_label(spec_.y[series]);
            svg_ +=
                fmt::format("<rect x=\"{:.1f}\" y=\"8\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
                            x, colour(series));
            text(x + 16, 17, "start", label);
            x += 36 + 7 * static_cast<double>(label.size());
        }
    }

    const ChartSpec& spec_;
    const ReportTable& table_;
    std::size_t x_ = 0;
    std::vector<std::size_t> y_;
    Scale scale_;
    std::string svg_;
};

}  // namespace

Result<std::string> draw_chart(const ChartSpec& spec, const ReportTable& table,
                               const std::string& title, const std::string& id) {
    return Drawing(spec, table).draw(title, id);
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&': safe += "&amp;"; break;
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '"': safe += "&quot;"; break;
            case '\'': safe += "&#39;"; break;
            default: safe += c;
        }
    }
    return safe;
}

}  // namespace ringside::tools
