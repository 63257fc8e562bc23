#pragma once

#include <string>
#include <vector>

namespace ringside::bench {

/// Describes the machine in one sentence.
std::string machine();

/// "412 ns", "1.3 us", "2 ms"
std::string duration(double ns);

/// The table of figures, as Markdown.
class Report {
public:
    /// Adds a figure that must be at most `target` times the baseline. Both are measured
    /// alternately in the same slices, and the median of the slices' ratios counts. If the host
    /// moves its virtual cores, both change together.
    void ratio(const std::string& figure, const std::vector<double>& measured,
               const std::string& unit, const std::vector<double>& baseline,
               const std::string& baseline_name, double target);

    /// The kind of target for a figure without a baseline.
    enum class Wanted { at_most, at_least };
    void absolute(const std::string& figure, double measured, const std::string& unit,
                  Wanted wanted, double target);

    /// Adds a figure without a target.
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
