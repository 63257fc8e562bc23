#include "tools/metrics/process_metrics.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

namespace ringside::metrics {

namespace {

std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Returns the number that follows `key` in a file of /proc.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t begin = text.find_first_not_of(' ', at + key.size());
    if (begin == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data() + begin, text.data() + text.size(), number);
    return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> count_descriptors(const std::string& folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
    if (!opened) return std::nullopt;
    std::uint64_t count = 0;
    // A directory stream is used by one thread only.
    while (const dirent* entry = readdir(opened.get())) {  // NOLINT(concurrency-mt-unsafe)
        if (entry->d_name[0] != '.') ++count;
    }
    return count;
}

/// A family of the process metrics.
struct ProcessFamily {
    const char* name;
    MetricType type;
    const char* help;
    std::function<std::optional<MetricValue>(const ProcessFigures&)> value;
};

std::optional<MetricValue> value_of(std::optional<std::uint64_t> number) {
    return number ? std::optional<MetricValue>(*number) : std::nullopt;
}

std::array<ProcessFamily, 5> process_families() {
    return {{
        {"process_cpu_seconds_total", MetricType::counter,
         "CPU time of the process, in user and system mode.",
         [](const ProcessFigures& one) { return MetricValue(one.cpu_seconds); }},
        {"process_resident_memory_bytes", MetricType::gauge,
         "Resident memory of the process, including the parts of the segment that it has touched.",
         [](const ProcessFigures& one) { return MetricValue(one.resident_bytes); }},
        {"process_start_time_seconds", MetricType::gauge,
         "Start time of the process, as Unix time.",
         [](const ProcessFigures& one) { return MetricValue(one.start_time_seconds); }},
        {"process_open_fds", MetricType::gauge, "Open file descriptors of the process.",
         [](const ProcessFigures& one) { return value_of(one.open_descriptors); }},
        {"process_max_fds", MetricType::gauge, "Limit on open file descriptors of the process.",
         [](const ProcessFigures& one) { return value_of(one.max_descriptors); }},
    }};
}

}  // namespace

std::optional<ProcessFigures> read_process(pid_t pid) {
    const std::string folder = "/proc/" + (pid == getpid() ? "self" : std::to_string(pid));
    const std::string stat = text_of_file(folder + "/stat");
    // The second field is the program's name in parentheses, which may contain any character.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(stat.substr(name_end + 1));
    const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    constexpr std::size_t first_field = 3;
    const auto field = [&](std::size_t number) -> std::uint64_t {
        const std::size_t index = number - first_field;
        std::uint64_t value = 0;
        if (index >= words.size()) return 0;
        const std::string& word = words[index];
        std::from_chars(word.data(), word.data() + word.size(), value);
        return value;
    };
    constexpr std::size_t user_time = 14;
    constexpr std::size_t system_time = 15;
    constexpr std::size_t start_time = 22;
    constexpr std::size_t resident_pages = 24;
    if (field(start_time) == 0) return std::nullopt;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const std::uint64_t boot_s = number_after(text_of_file("/proc/stat"), "\nbtime").value_or(0);
    ProcessFigures figures;
    figures.cpu_seconds = static_cast<double>(field(user_time) + field(system_time)) / ticks;
    figures.start_time_seconds =
        static_cast<double>(boot_s) + static_cast<double>(field(start_time)) / ticks;
    figures.resident_bytes =
        field(resident_pages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    figures.open_descriptors = count_descriptors(folder + "/fd");
    figures.max_descriptors = number_after(text_of_file(folder + "/limits"), "\nMax open files");
    return figures;
}

void write_process_metrics(MetricsWriter& writer, std::span<const MonitoredProcess> processes) {
    struct Read {
        std::string_view program;
        ProcessFigures figures;
    };
    std::vector<Read> all;
    for (const MonitoredProcess& process : processes) {
        if (const auto figures = read_process(process.pid))
            all.push_back({process.program, *figures});
    }
    for (const ProcessFamily& family : process_families()) {
        const auto is_known = [&](const Read& one) {
            return family.value(one.figures).has_value();
        };
        if (std::none_of(all.begin(), all.end(), is_known)) continue;
        writer.family(family.name, family.type, family.help);
        for (const Read& one : all) {
            if (const auto value = family.value(one.figures))
                writer.sample({{"program", one.program}}, *value);
        }
    }
}

}  // namespace ringside::metrics
