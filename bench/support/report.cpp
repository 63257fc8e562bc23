#include "bench/support/report.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "bench/support/table.hpp"
#include "bench/support/workload.hpp"

namespace ringside::bench {

namespace {

std::string quantity(double value, const std::string& unit) {
    return unit == "ns" ? duration(value) : fmt::format("{:.3g} {}", value, unit);
}

const char* yes_or_no(bool is_met) { return is_met ? "yes" : "no"; }

}  // namespace

std::string machine() {
    std::string model = "unknown CPU";
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.rfind("model name", 0) == 0) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    }
    utsname kernel{};
    uname(&kernel);
    std::string pages;
    std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/shmem_enabled"), pages);
    return fmt::format("Machine: {}, {} cores, Linux {}, huge pages of shared memory: {}.", model,
                       sysconf(_SC_NPROCESSORS_ONLN), kernel.release, pages);
}

std::string duration(double ns) {
    if (ns < 999.5) return fmt::format("{:.3g} ns", ns);
    if (ns < 999.5e3) return fmt::format("{:.3g} us", ns / 1e3);
    return fmt::format("{:.3g} ms", ns / 1e6);
}

void Report::ratio(const std::string& figure, const std::vector<double>& measured,
                   const std::string& unit, const std::vector<double>& baseline,
                   const std::string& baseline_name, double target) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < measured.size(); ++i) ratios.push_back(measured[i] / baseline[i]);
    const double ratio = median(ratios);
    rows_.push_back({figure, quantity(median(measured), unit),
                     baseline_name + " " + quantity(median(baseline), unit),
                     fmt::format("{:.2f}x", ratio), fmt::format("<= {:.2f}x", target),
                     yes_or_no(ratio <= target)});
}

void Report::absolute(const std::string& figure, double measured, const std::string& unit,
                      Wanted wanted, double target) {
    const bool is_met = wanted == Wanted::at_most ? measured <= target : measured >= target;
    rows_.push_back(
        {figure, quantity(measured, unit), "", "",
         fmt::format("{} {:.3g} {}", wanted == Wanted::at_most ? "<=" : ">=", target, unit),
         yes_or_no(is_met)});
}

void Report::plain(const std::string& figure, double measured, const std::string& unit) {
    rows_.push_back({figure, quantity(measured, unit), "", "", "", ""});
}

std::string Report::text() const {
    Table table({"figure", "measured", "baseline", "ratio", "target", "met"});
    for (const Row& row : rows_)
        table.add({row.figure, row.measured, row.baseline, row.ratio, row.target, row.met});
    return table.text();
}

}  // namespace ringside::bench
