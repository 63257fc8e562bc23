#include "tools/ringside/report_page/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "shm/base/limits.hpp"
#include "tools/ringside/report_page/number_text.hpp"
#include "tools/ringside/report_page/scale.hpp"
#include "tools/ringside/report_page/x_axis.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

constexpr std::array colours{"#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#64748b"};
constexpr double character_width = 7.2;  ///< approximate, at 12 px
constexpr double margin = 16;
constexpr double scale_gap = 8;  ///< between the labels of the y axis and the plot
constexpr double legend_row = 18;
constexpr double x_axis_height = 44;

struct Canvas {
    double width;
    double height;
    const char* name;
};
/// A narrow chart fits the page on a phone, which is 358 px wide at 390 px, without being scaled.
constexpr Canvas canvas_of(ChartSize size) {
    return size == ChartSize::wide ? Canvas{720, 320, "wide"} : Canvas{358, 280, "narrow"};
}

double text_width(std::string_view text) {
    const auto characters = std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    return static_cast<double>(characters) * character_width;
}

/// Returns a colour that the page can redefine for its light and dark themes.
std::string colour(std::size_t series) {
    const std::size_t i = series % colours.size();
    return fmt::format("var(--series-{}, {})", i + 1, colours[i]);
}

/// A chart that is being drawn.
class Drawing {
public:
    Drawing(const ChartSpec& spec, const ReportTable& table, ChartSize size)
        : spec_(spec), table_(table), canvas_(canvas_of(size)) {}

    Result<std::string> draw(const std::string& title, const std::string& id) {
        if (auto read = read_columns(); !read) return read.error();
        place_plot();
        open(title, id);
        draw_scale();
        draw_x_axis();
        if (spec_.kind == ChartSpec::Kind::bar) draw_bars();
        else draw_lines();
        if (spec_.y.size() > 1) draw_legend();
        return svg_ + "</svg>\n";
    }

private:
    Result<void> read_columns() {
        if (table_.rows.size() > limits::report_chart_rows_max) {
            return Error(Errc::bad_configuration,
                         fmt::format("chart of {} rows exceeds the limit of {}; use LIMIT",
                                     table_.rows.size(), limits::report_chart_rows_max));
        }
        const auto x = place_of(spec_.x);
        if (!x) return x.error();
        x_ = *x;
        for (const std::string& name : spec_.y) {
            const auto y = place_of(name);
            if (!y) return y.error();
            y_.push_back(*y);
        }
        return read_scale();
    }

    Result<void> read_scale() {
        double low = 0;
        double high = 0;
        bool are_integers = true;
        for (const auto& row : table_.rows) {
            for (const std::size_t y : y_) {
                if (!row[y].text.empty() && !row[y].number) {
                    return Error(Errc::bad_configuration,
                                 fmt::format("chart value '{}' in column '{}' is not a number",
                                             row[y].text, table_.columns[y]));
                }
                const double number = row[y].number.value_or(0);
                low = std::min(low, number);
                high = std::max(high, number);
                are_integers = are_integers && number == std::floor(number);
            }
        }
        scale_ = Scale::covering(low, high, 5, are_integers ? 1 : 0);
        return {};
    }

    Result<std::size_t> place_of(const std::string& name) const {
        const auto found = std::find(table_.columns.begin(), table_.columns.end(), name);
        if (found != table_.columns.end()) {
            return static_cast<std::size_t>(found - table_.columns.begin());
        }
        return Error(Errc::bad_configuration, "chart: no column '" + name + "' in the query");
    }

    [[nodiscard]] std::string tick_text(double tick) const {
        const bool is_base = std::fabs(tick) < scale_.step / 1000;
        return tick_number(is_base ? 0 : tick, scale_.step);
    }

    /// The plot gets the space that axis labels and legend leave.
    void place_plot() {
        double label_width = 0;
        for (const double tick : scale_.ticks()) {
            label_width = std::max(label_width, text_width(tick_text(tick)));
        }
        left_ = std::ceil(label_width) + scale_gap + 4;
        plot_width_ = canvas_.width - left_ - margin;
        double x = left_;
        std::size_t row = 0;
        for (const std::string& name : spec_.y) {
            const double width = 36 + text_width(legend_label(name));
            if (x > left_ && x + width > canvas_.width) {
                x = left_;
                ++row;
            }
            legend_.push_back({x, 8 + legend_row * static_cast<double>(row)});
            x += width;
        }
        top_ = 40 + legend_row * static_cast<double>(row);
        plot_height_ = canvas_.height - 40 - x_axis_height;
        axis_.emplace(table_, x_, spec_.kind == ChartSpec::Kind::line, plot_width_,
                      character_width);
    }

    [[nodiscard]] std::string legend_label(const std::string& name) const {
        const auto fitting =
            static_cast<std::size_t>((canvas_.width - left_ - 36) / character_width);
        if (text_width(name) <= static_cast<double>(fitting) * character_width) return name;
        return std::string(clip_to_width(name, fitting - 1)) + "…";
    }

    [[nodiscard]] double height() const noexcept { return top_ + plot_height_ + x_axis_height; }

    void open(const std::string& title, const std::string& id) {
        std::string series;
        for (const std::string& name : spec_.y) series += (series.empty() ? "" : ", ") + name;
        const std::string what = fmt::format("{} chart of {} by {}, {} points.",
                                             spec_.kind == ChartSpec::Kind::bar ? "Bar" : "Line",
                                             series, spec_.x, table_.rows.size());
        svg_ = fmt::format(
            "<svg class=\"chart {}\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
            "width=\"{}\" role=\"img\" aria-labelledby=\"{}-title {}-what\" "
            "font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"currentColor\">\n"
            "<title id=\"{}-title\">{}</title>\n<desc id=\"{}-what\">{}</desc>\n",
            canvas_.name, canvas_.width, height(), canvas_.width, id, id, id, escaped(title), id,
            escaped(what));
        if (spec_.y.size() == 1) text(left_, 16, "start", legend_label(spec_.y.front()));
        const std::string& note = axis_->note();
        text(left_ + plot_width_ / 2, height() - 6, "middle",
             note.empty() ? spec_.x : fmt::format("{} ({})", spec_.x, note));
    }

    void text(double x, double y, const char* anchor, const std::string& content) {
        if (content.empty()) return;
        svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                            anchor, escaped(content));
    }

    void line(double x1, double x2, double y1, double y2, const char* opacity) {
        svg_ += fmt::format(
            "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
            "stroke=\"currentColor\" stroke-opacity=\"{}\"/>\n",
            x1, x2, y1, y2, opacity);
    }

    [[nodiscard]] double y_of(double value) const noexcept {
        return top_ + plot_height_ * (1 - scale_.place(value));
    }
    [[nodiscard]] double x_at(double place) const noexcept { return left_ + plot_width_ * place; }

    void draw_scale() {
        for (const double tick : scale_.ticks()) {
            const double y = y_of(tick);
            const bool is_base = std::fabs(tick) < scale_.step / 1000;
            line(left_, left_ + plot_width_, y, y, is_base ? "0.6" : "0.15");
            text(left_ - scale_gap, y + 4, "end", tick_text(tick));
        }
    }

    void draw_x_axis() {
        const double bottom = top_ + plot_height_;
        for (const XAxis::Tick& tick : axis_->ticks()) {
            const double half = text_width(tick.label) / 2;
            const double x = x_at(tick.place);
            if (axis_->is_scaled()) line(x, x, top_, bottom, "0.15");
            const double room = std::max(canvas_.width - half, half);
            text(std::clamp(x, half, room), bottom + 18, "middle", tick.label);
        }
    }

    void draw_bars() {
        const auto rows = static_cast<double>(std::max<std::size_t>(table_.rows.size(), 1));
        const double group = plot_width_ / rows * 0.8;
        const double bar = group / static_cast<double>(y_.size());
        for (std::size_t row = 0; row < table_.rows.size(); ++row) {
            for (std::size_t series = 0; series < y_.size(); ++series) {
                const auto& cell = table_.rows[row][y_[series]];
                if (!cell.number) continue;
                const double x =
                    x_at(axis_->place(row)) - group / 2 + bar * static_cast<double>(series);
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
                           with_separators(table_.rows[row][y_[series]].text));
    }

    /// Leaves a gap where there is no value.
    void draw_lines() {
        for (std::size_t series = 0; series < y_.size(); ++series) {
            std::string path;
            std::string points;
            bool is_in_line = false;
            for (const std::size_t row : axis_->order()) {
                const auto& cell = table_.rows[row][y_[series]];
                if (cell.number) {
                    const double x = x_at(axis_->place(row));
                    const double y = y_of(*cell.number);
                    path += fmt::format("{}{:.1f} {:.1f} ", is_in_line ? 'L' : 'M', x, y);
                    points += fmt::format(
                        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
                        x, y, table_.rows.size() > 60 ? 1.5 : 3, escaped(point_text(row, series)));
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
        for (std::size_t series = 0; series < spec_.y.size(); ++series) {
            const auto& [x, y] = legend_[series];
            svg_ += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n", x, y,
                colour(series));
            text(x + 16, y + 9, "start", legend_label(spec_.y[series]));
        }
    }

    const ChartSpec& spec_;
    const ReportTable& table_;
    const Canvas canvas_;
    std::size_t x_ = 0;
    std::vector<std::size_t> y_;
    Scale scale_;
    double left_ = 0;  ///< where the plot begins
    double top_ = 0;
    double plot_width_ = 0;
    double plot_height_ = 0;
    std::vector<std::pair<double, double>> legend_;  ///< where each entry begins
    std::optional<XAxis> axis_;
    std::string svg_;
};

}  // namespace

Result<std::string> draw_chart(const ChartSpec& spec, const ReportTable& table,
                               const std::string& title, const std::string& id, ChartSize size) {
    return Drawing(spec, table, size).draw(title, id);
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
