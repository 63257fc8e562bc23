#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <utility>
#include <vector>

#include "shm/base/option_number.hpp"
#include "shm/base/printable.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/grid_state.hpp"
#include "tools/ringside/terminal_keys.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// The counters that `top` shows the growth of.
struct Sample {
    std::uint64_t commits;
    std::uint64_t changes;
    std::uint64_t refused;
    std::uint64_t events;
    std::uint64_t calls;
    std::uint64_t busy_ns;
    Clock::time_point at;

    explicit Sample(const shm::Counters& counters)
        : commits(counters.commits.load(std::memory_order_relaxed)),
          changes(counters.changes.load(std::memory_order_relaxed)),
          refused(counters.refused.load(std::memory_order_relaxed)),
          events(counters.events.load(std::memory_order_relaxed)),
          calls(counters.calls.load(std::memory_order_relaxed)),
          busy_ns(counters.busy_ns.load(std::memory_order_relaxed)),
          at(Clock::now()) {}
};

std::uint64_t largest_lag(const shm::SegmentView& segment) {
    std::uint64_t lag = 0;
    for_each_session(segment, [&](SessionId, const shm::SessionEntry& entry) {
        lag = std::max(lag, entry.lag.load(std::memory_order_relaxed));
    });
    return lag;
}

struct Figure {
    std::string name;
    std::string value;
};

/// What the sources and sinks of Kafka say of themselves: see docs/kafka.md.
void append_kafka(const Client& client, std::vector<Figure>& figures) {
    const auto snapshot = client.snapshot();
    if (!snapshot) return;  // its broker has just gone
    const auto append = [&](const char* kind, const char* left, const char* lost) {
        const auto number = [](const Value& state, const char* key) {
            return state[key].as_int64().value_or(0);
        };
        return snapshot->scan(fmt::format("kafka/*/@{}/*", kind), [&](const RecordView& record) {
            const Value state = record.document();
            std::string_view name = record.name();
            name.remove_prefix(std::string_view("kafka/").size());
            figures.push_back(
                {fmt::format("{} {}", kind, printable(name.substr(0, name.find('/')))),
                 fmt::format(
                     "{}  {}/s  {} {}  {} {}", printable(state["state"].as_string().value_or("?")),
                     number(state, "rate"), left, number(state, left), lost, number(state, lost))});
            return true;
        });
    };
    append("source", "lag", "dead_letters").value();
    append("sink", "behind", "too_large").value();
}

std::vector<Figure> figures(const shm::SegmentView& segment, const Sample& before,
                            const Sample& now) {
    const double seconds = std::chrono::duration<double>(now.at - before.at).count();
    const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
        return fmt::format("{:.0f}", static_cast<double>(to - from) / seconds);
    };
    const shm::Counters& counters = segment.header().counters;
    const auto load = [](const shm::Word& word) { return word.load(std::memory_order_relaxed); };
    return {
        {"writes/s", rate(before.commits, now.commits)},
        {"changes/s", rate(before.changes, now.changes)},
        {"refused/s", rate(before.refused, now.refused)},
        {"events/s", rate(before.events, now.events)},
        {"calls/s", rate(before.calls, now.calls)},
        {"under way", std::to_string(load(counters.calls_under_way))},
        {"busy", fmt::format("{:.0f}%",
                             static_cast<double>(now.busy_ns - before.busy_ns) / (1e7 * seconds))},
        {"records", std::to_string(load(counters.records))},
        {"sessions", std::to_string(load(counters.sessions_open))},
        {"providers", std::to_string(load(counters.providers))},
        {"lag", std::to_string(largest_lag(segment))},
        {"heap", fmt::format("{} MiB of {}", load(counters.heap_bytes_used) >> 20,
                             segment.identity().heap.bytes >> 20)},
    };
}

/// For a terminal: a line a figure, over the `lines_before` of the last time.
std::string screen_of(const std::vector<Figure>& figures, std::size_t lines_before) {
    std::string screen = lines_before == 0 ? "" : fmt::format("\033[{}A\033[J", lines_before);
    for (const Figure& figure : figures)
        screen += fmt::format("{} {}\n", pad_right(figure.name, 10), pad_left(figure.value, 16));
    screen.pop_back();
    return screen;
}

/// For a file or a pipe: all in one line.
std::string line_of(const std::vector<Figure>& figures) {
    std::string line;
    for (const Figure& figure : figures)
        line += fmt::format("{}{} {}", line.empty() ? "" : "  ", figure.name, figure.value);
    return line;
}

/// Whether the broker of the grid serves, looked at as often as keys are.
class BrokerWatch {
public:
    explicit BrokerWatch(const shm::Segment& segment) : segment_(&segment) { look(); }

    /// Returns whether the broker has come or gone since the last look.
    bool look() {
        const auto state = segment_->header().broker.state.load(std::memory_order_relaxed);
        has_ended_ = state != static_cast<std::uint32_t>(shm::GridState::serving);
        const bool serves = !has_ended_ && has_broker(*segment_);
        if (serves) served_at_ = Clock::now();
        return std::exchange(serves_, serves) != serves;
    }
    [[nodiscard]] bool serves() const noexcept { return serves_; }

    /// The next broker takes the place of one that was killed or replaced: it gets some time.
    /// Throws ringside::Exception (no_broker) when that is over, or the grid has ended.
    void check() const {
        constexpr std::chrono::seconds patience{2};
        if (has_ended_) throw Exception(Error(Errc::no_broker, "the grid has ended"));
        if (!serves_ && Clock::now() - served_at_ > patience)
            throw Exception(Error(Errc::no_broker, "the broker is gone"));
    }

private:
    const shm::Segment* segment_;
    bool serves_ = true;
    bool has_ended_ = false;
    Clock::time_point served_at_ = Clock::now();
};

/// Waits for the next look at the figures, which is due at `until`, or when the broker has come or
/// gone. Returns false if the user wants to end.
bool await_look(BrokerWatch& broker, const TerminalKeys& keys, Clock::time_point until) {
    constexpr std::chrono::milliseconds slice{20};
    while (!is_interrupted() && Clock::now() < until) {
        if (const auto key = keys.wait(slice); key == 'q' || key == 'Q') return false;
        if (broker.look()) break;
        if (!broker.serves()) broker.check();
    }
    return !is_interrupted();
}

void top(const Context& context, double interval_s, std::uint64_t count) {
    catch_interrupts();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const TerminalKeys keys;
    // A broker that takes no further session is one to look at, too. Nothing here waits for one.
    const auto client = Client::attach(
        {.grid = context.grid, .program = "ringside", .timeout = std::chrono::milliseconds(0)});
    const auto interval =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(interval_s));
    BrokerWatch broker(segment);
    Sample before(segment.header().counters);
    std::size_t lines_before = 0;
    for (std::uint64_t shown = 0; count == 0 || shown < count; ++shown) {
        if (!await_look(broker, keys, Clock::now() + interval)) return;
        const Sample now(segment.header().counters);
        std::vector<Figure> all{{"broker", broker.serves() ? "serving" : "gone"}};
        for (Figure& figure : figures(segment.view(), before, now))
            all.push_back(std::move(figure));
        if (client && broker.serves()) append_kafka(*client, all);
        print_line(
            is_terminal ? screen_of(all, std::exchange(lines_before, all.size())) : line_of(all),
            true);
        before = now;
        broker.check();
    }
}

}  // namespace

void add_top_command(CLI::App& app, Context& context) {
    struct Arguments {
        double interval_s = 1;
        std::uint64_t count = 0;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(
        "top", "Shows writes, events, calls, sessions, lag, memory and Kafka, live");
    command->add_option("--interval", arguments->interval_s, "Seconds between two refreshes")
        ->check(decimal_number(0.05, 3600));
    command->add_option("--count", arguments->count, "Exit after N refreshes");
    command->footer(
        "The key q ends it. Reads leave no trace in shared memory, so they cannot be counted.\n"
        "Example: ringside -g onsale top");
    command->callback(
        [&context, arguments] { top(context, arguments->interval_s, arguments->count); });
}

}  // namespace ringside::tools
