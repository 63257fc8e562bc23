#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "shm/base/option_number.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/terminal_keys.hpp"
#include "tools/ringside/top/top_view.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

struct TopOptions {
    double interval_s = 1;
    std::uint64_t count = 0;
    bool is_once = false;
    bool is_json = false;
};

/// The terminal's second screen, on which a report replaces the former one.
class Screen {
public:
    Screen() { write_output("\033[?1049h\033[?25l"); }
    ~Screen() {
        try {
            print_line("\033[?25h\033[?1049l", true);
        } catch (const Exception&) {
            // The terminal was closed.
        } catch (const ReaderGone&) {
            // The same.
        }
    }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    static void show(const TopReport& report, const TopChoice& choice) {
        constexpr std::size_t rows_min = 12;
        winsize size{};
        const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0;
        const std::size_t columns = is_known ? size.ws_col : 80;
        const std::size_t rows = std::max<std::size_t>(is_known ? size.ws_row : 24, rows_min);
        std::string text = "\033[H";
        for (const std::string& line : lines_of(report, choice, rows))
            text += fmt::format("{}\033[K\n", clip_to_width(line, columns));
        text.pop_back();
        write_output(text + "\033[J");
        flush_output();
    }
};

enum class Next { report, redraw, quit };

/// Waits until the next report is due at `until`, a key changes what is shown, or the state of the
/// broker has changed.
Next await_next(BrokerWatch& broker, const TerminalKeys& keys, TopChoice& choice,
                Clock::time_point until) {
    constexpr std::chrono::milliseconds slice{20};
    while (!is_interrupted() && (choice.is_paused || Clock::now() < until)) {
        if (const auto key = keys.wait(slice))
            return choice.press(*key) ? Next::redraw : Next::quit;
        if (broker.update()) return Next::report;
        if (broker.is_lost()) broker.check();
    }
    return is_interrupted() ? Next::quit : Next::report;
}

void print_report(const TopReport& report, const TopChoice& choice, const TopOptions& options) {
    if (options.is_json) return print_line(json_of(report), true);
    if (!options.is_once) return print_line(line_of(report), true);
    for (const std::string& line : lines_of(report, choice, std::nullopt)) print_line(line, true);
}

void top(const Context& context, const TopOptions& options) {
    catch_interrupts();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    const bool is_screen = isatty(STDOUT_FILENO) == 1 && !options.is_once && !options.is_json;
    const auto interval = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(options.interval_s));
    const std::uint64_t count = options.is_once ? 1 : options.count;
    const TerminalKeys keys;
    std::optional<Screen> screen;
    if (is_screen) screen.emplace();
    TopChoice choice;
    BrokerWatch broker(segment);
    BusyPrefixes prefixes(segment.view());
    TopSample before(segment.view());
    TopReport report;
    const auto show = [&] {
        const TopReport shown = arranged(report, choice);
        if (screen) Screen::show(shown, choice);
        else print_report(shown, choice, options);
    };
    for (std::uint64_t shown = 0; count == 0 || shown < count;) {
        const Next next = await_next(broker, keys, choice, before.at + interval);
        if (next == Next::quit) return;
        if (next == Next::report) {
            TopSample now(segment.view());
            report = make_report(segment, broker, before, now, prefixes.take(segment.view()));
            before = std::move(now);
            ++shown;
        }
        if (next == Next::report || screen) show();
        if (broker.is_lost()) broker.check();
    }
}

}  // namespace

void add_top_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<TopOptions>();
    CLI::App* command = app.add_subcommand(
        "top", "Show rates, latencies, memory, sessions, busy names and Kafka, live");
    command->add_option("--interval", options->interval_s, "Seconds between refreshes")
        ->check(decimal_number(0.05, 3600));
    command->add_option("--count", options->count, "Exit after N refreshes")
        ->check(whole_number(1));
    command->add_flag("--once", options->is_once, "Print one full report after one interval");
    command->add_flag("--json", options->is_json, "Print each report as one JSON object");
    command->footer(
        "Keys: l, r and n sort sessions by lag, requests and pins, / filters, p pauses,\n"
        "q quits. Reads leave no trace in shared memory and cannot be counted.\n"
        "Example: ringside -g onsale top");
    command->callback([&context, options] { top(context, *options); });
}

}  // namespace ringside::tools
