#pragma once

#include <string>
#include <vector>

#include "tools/ringside/report_page/report_table.hpp"

namespace ringside::tools {

/// The x axis of a chart. A line chart whose column has only numbers or only times has a
/// proportional scale. All other charts place their points at equal distances.
class XAxis {
public:
    struct Tick {
        double place;  ///< 0 at the left end, 1 at the right one
        std::string label;
    };

    /// `width`: width of the axis. `character_width`: width of a character in the same unit, so
    /// that labels do not touch.
    XAxis(const ReportTable& table, std::size_t column, bool is_scaled, double width,
          double character_width);

    [[nodiscard]] double place(std::size_t row) const noexcept { return places_[row]; }
    /// Rows from left to right.
    [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }
    [[nodiscard]] const std::vector<Tick>& ticks() const noexcept { return ticks_; }
    /// Whether places are numbers or times.
    [[nodiscard]] bool is_scaled() const noexcept { return is_scaled_; }
    /// What the ticks do not show: the date of times of one day. Usually empty.
    [[nodiscard]] const std::string& note() const noexcept { return note_; }

private:
    [[nodiscard]] bool place_by_number(const ReportTable& table, std::size_t column, double width);
    [[nodiscard]] bool place_by_time(const ReportTable& table, std::size_t column, double width);
    void place_evenly(const ReportTable& table, std::size_t column, double width,
                      double character_width);

    std::vector<double> places_;
    std::vector<std::size_t> order_;
    std::vector<Tick> ticks_;
    bool is_scaled_ = false;
    std::string note_;
};

}  // namespace ringside::tools
