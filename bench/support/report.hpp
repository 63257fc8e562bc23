#pragma once

#include <string>
#include <vector>

namespace ringside::bench {

/// What it was measured on, as a sentence.
std::string machine();

/// "412 ns", "1.3 us", "2 ms"
std::string duration(double ns);

/// The table of figures, as Markdown.
class Report {
public:
    /// Met where it is at most `target` times the baseline. Both were measured in the same slices
    /// of time, one after the other, and what counts is the median of the slices' ratios: where the
    /// host moves its virtual cores about, both change together.
    void ratio(const std::string& figure, const std::vector<double>& measured,
               const std::string& unit, const std::vector<double>& baseline,
               const std::string& baseline_name, double target);

    /// What is wanted of a figure that has no baseline.
    enum class Wanted { at_most, at_least };
    void absolute(const std::string& figure, double measured, const std::string& unit,
                  Wanted wanted, double target);

    /// A figure without a target.
    void plain(const std::string& figure, double measured, const std::string& unit);

    [[nodiscard]] std::string text() const;

private:
    struct Row {
        std::string figure;
        std::string measured;
        std::string baseline;
        std::string ratio;
        std::string target;
        std::string met;
    };
    std::vector<Row> rows_;
};

}  // namespace ringside::bench
