#include "tools/ringside/top/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "shm/base/printable.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

/// Three significant digits: "12.3 us". Empty intervals are shown as "-".
std::string duration_text(double seconds) {
    if (seconds <= 0) return "-";
    constexpr std::pair<double, const char*> units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}};
    for (const auto& [size, unit] : units) {
        if (seconds >= size) return fmt::format("{:.3g} {}", seconds / size, unit);
    }
    return fmt::format("{:.0f} ns", seconds * 1e9);
}

std::string range_text(const Percentiles& percentiles) {
    return fmt::format("p50 {} p99 {}", duration_text(percentiles.p50),
                       duration_text(percentiles.p99));
}

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? "0%"
                      : fmt::format("{:.0f}%",
                                    100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string kafka_text(const TopKafka& one) {
    return fmt::format("{} {} {}  {}/s  {} {}  {} {}", one.kind, printable(one.name),
                       printable(one.state), one.rate, one.left_name, one.left, one.lost_name,
                       one.lost);
}

std::string broker_text(const TopReport& report) {
    switch (report.broker) {
        case BrokerState::stalled:
            return fmt::format("stalled: no heartbeat for {:.1f} s", report.heartbeat_age_s);
        case BrokerState::read_only: return "read-only: " + printable(report.store_failure);
        default: return name(report.broker);
    }
}

/// The lines of a screen, cut to its size.
class Lines {
public:
    explicit Lines(std::optional<std::size_t> rows) : rows_(rows) {}

    void add(std::string line) { lines_.push_back(std::move(line)); }
    void fact(std::string_view name, std::string_view value) {
        add(fmt::format("{} {}", pad_right(name, 9), value));
    }
    /// Adds the lines of a table, using at most `share` of the remaining rows.
    void table(const std::string& title, const std::vector<std::string>& rows, double share) {
        std::size_t shown = rows.size();
        if (rows_) {
            const auto left = rows_.value() - std::min(*rows_, lines_.size() + 1);
            const auto room = static_cast<std::size_t>(static_cast<double>(left) * share);
            if (room < 2) return;
            shown = std::min(shown, room - 1);
        }
        add(title);
        lines_.insert(lines_.end(), rows.begin(),
                      rows.begin() + static_cast<std::ptrdiff_t>(shown));
    }
    [[nodiscard]] std::vector<std::string> take() && { return std::move(lines_); }

private:
    std::optional<std::size_t> rows_;
    std::vector<std::string> lines_;
};

std::string refusals_text(const TopReport& report) {
    std::string text = fmt::format("refused/s {:.0f}", report.refused_per_s);
    constexpr std::size_t shown_max = 3;
    for (std::size_t i = 0; i < std::min(shown_max, report.refusals.size()); ++i) {
        text += fmt::format("{}{} {:.0f}", i == 0 ? " (" : ", ", report.refusals[i].error,
                            report.refusals[i].per_s);
    }
    return report.refusals.empty() ? text : text + ")";
}

void add_facts(Lines& lines, const TopReport& report) {
    constexpr std::uint64_t mib = 1U << 20;
    lines.fact("writes", fmt::format("commits/s {:.0f}  changes/s {:.0f}  {}", report.commits_per_s,
                                     report.changes_per_s, refusals_text(report)));
    lines.fact("messages",
               fmt::format("events/s {:.0f}  calls/s {:.0f}  under way {}  providers {}",
                           report.events_per_s, report.calls_per_s, report.calls_under_way,
                           report.providers));
    lines.fact("commit", fmt::format("{}  batch p50 {:.0f} p99 {:.0f}  engine busy {:.0f}%",
                                     range_text(report.commit_s), report.batch.p50,
                                     report.batch.p99, 100 * report.busy));
    lines.fact("sync", fmt::format("{}  revision {}  not on disk {}", range_text(report.sync_s),
                                   report.revision, report.durable_lag));
    lines.fact("memory", fmt::format("{} MiB of {} MiB ({})  retired {} MiB  records {}",
                                     report.heap_bytes_used / mib, report.heap_bytes / mib,
                                     percent_text(report.heap_bytes_used, report.heap_bytes),
                                     report.retired_bytes / mib, report.records));
    lines.fact("ring",
               fmt::format("{} of {} ({})  slowest watch {} behind", report.ring_retained,
                           report.ring_entries,
                           percent_text(report.ring_retained, report.ring_entries), report.lag));
    lines.fact("pins", fmt::format("{} held  {} revoked", report.pins, report.pins_revoked));
}

void add_sessions(Lines& lines, const TopReport& report, SessionOrder order) {
    const auto mark = [order](SessionOrder column, const char* name) {
        return std::string(name) + (order == column ? "*" : "");
    };
    std::vector<std::string> rows;
    for (const TopSession& one : report.sessions) {
        rows.push_back(fmt::format("{:>8} {:>8} {} {:>10} {:>10.0f} {:>12} {:>6}  {}", one.id,
                                   one.pid == 0 ? "-" : std::to_string(one.pid),
                                   pad_right(one.role, 8), one.lag, one.requests_per_s,
                                   one.requests, one.pins, printable(one.program)));
    }
    constexpr double share = 0.6;
    lines.table(fmt::format("{:>8} {:>8} {} {:>10} {:>10} {:>12} {:>6}  program", "session", "pid",
                            pad_right("role", 8), mark(SessionOrder::lag, "lag"),
                            mark(SessionOrder::requests, "req/s"), "requests",
                            mark(SessionOrder::pins, "pins")),
                rows, share);
}

template <class Row, class Text>
void keep_matching(std::vector<Row>& rows, const std::string& filter, Text text) {
    std::erase_if(rows,
                  [&](const Row& row) { return text(row).find(filter) == std::string::npos; });
}

std::string key_help(const TopChoice& choice) {
    if (choice.is_editing) return "filter: " + printable(choice.filter) + "_   (Enter, Esc)";
    std::string text = "keys: l lag  r requests  n pins  / filter  p pause  q quit";
    if (!choice.filter.empty()) text += "   [filter: " + printable(choice.filter) + "]";
    if (choice.is_paused) text += "   [paused]";
    return text;
}

}  // namespace

bool TopChoice::press(char key) {
    constexpr char escape = '\033';
    constexpr char backspace = '\b';
    constexpr char delete_key = '\177';
    if (is_editing) {
        if (key == '\n' || key == '\r') {
            is_editing = false;
        } else if (key == escape) {
            filter.clear();
            is_editing = false;
        } else if (key == backspace || key == delete_key) {
            if (!filter.empty()) filter.pop_back();
        } else if (static_cast<unsigned char>(key) >= ' ') {
            filter += key;
        }
        return true;
    }
    switch (key) {
        case 'q':
        case 'Q': return false;
        case 'l': order = SessionOrder::lag; break;
        case 'r': order = SessionOrder::requests; break;
        case 'n': order = SessionOrder::pins; break;
        case 'p':
        case ' ': is_paused = !is_paused; break;
        case '/':
            filter.clear();
            is_editing = true;
            break;
        default: break;
    }
    return true;
}

TopReport arranged(TopReport report, const TopChoice& choice) {
    const auto key = [order = choice.order](const TopSession& one) {
        switch (order) {
            case SessionOrder::requests: return one.requests_per_s;
            case SessionOrder::pins: return static_cast<double>(one.pins);
            case SessionOrder::lag: break;
        }
        return static_cast<double>(one.lag);
    };
    std::stable_sort(report.sessions.begin(), report.sessions.end(),
                     [&](const auto& one, const auto& other) { return key(one) > key(other); });
    keep_matching(report.sessions, choice.filter, [](const TopSession& one) {
        return fmt::format("{} {} {} {}", one.id, one.pid, one.role, one.program);
    });
    keep_matching(report.prefixes, choice.filter, [](const TopPrefix& one) { return one.prefix; });
    keep_matching(report.kafka, choice.filter, kafka_text);
    return report;
}

std::string line_of(const TopReport& report) {
    std::string line = "broker " + broker_text(report);
    const auto add = [&line](std::string_view name, const std::string& value) {
        line += fmt::format("  {} {}", name, value);
    };
    const auto rate = [](double per_s) { return fmt::format("{:.0f}", per_s); };
    add("writes/s", rate(report.commits_per_s));
    add("changes/s", rate(report.changes_per_s));
    add("refused/s", rate(report.refused_per_s));
    add("events/s", rate(report.events_per_s));
    add("calls/s", rate(report.calls_per_s));
    add("under way", std::to_string(report.calls_under_way));
    add("busy", fmt::format("{:.0f}%", 100 * report.busy));
    add("commit", range_text(report.commit_s));
    add("sync", range_text(report.sync_s));
    add("records", std::to_string(report.records));
    add("sessions", std::to_string(report.sessions.size()));
    add("providers", std::to_string(report.providers));
    add("lag", std::to_string(report.lag));
    add("heap", fmt::format("{} MiB of {}", report.heap_bytes_used >> 20, report.heap_bytes >> 20));
    for (const TopKafka& one : report.kafka) line += "  " + kafka_text(one);
    return line;
}

std::vector<std::string> lines_of(const TopReport& report, const TopChoice& choice,
                                  std::optional<std::size_t> rows) {
    Lines lines(rows);
    lines.add(fmt::format("{}  {}  broker pid {}", printable(report.grid), broker_text(report),
                          report.broker_pid));
    add_facts(lines, report);
    if (rows) lines.add(key_help(choice));
    add_sessions(lines, report, choice.order);
    std::vector<std::string> kafka;
    for (const TopKafka& one : report.kafka) kafka.push_back("  " + kafka_text(one));
    constexpr double half = 0.5;
    if (!kafka.empty()) lines.table("kafka", kafka, half);
    std::vector<std::string> prefixes;
    for (const TopPrefix& one : report.prefixes) {
        prefixes.push_back(fmt::format("{:>10.0f}  {}", one.changes_per_s, printable(one.prefix)));
    }
    if (!prefixes.empty()) lines.table(" changes/s  names", prefixes, 1);
    return std::move(lines).take();
}

}  // namespace ringside::tools
