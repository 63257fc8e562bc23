#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// The counters that `top` shows the growth of.
struct Sample {
    std::uint64_t commits;
    std::uint64_t changes;
    std::uint64_t refused;
    std::uint64_t busy_ns;
    Clock::time_point at;

    explicit Sample(const shm::Counters& counters)
        : commits(counters.commits.load(std::memory_order_relaxed)),
          changes(counters.changes.load(std::memory_order_relaxed)),
          refused(counters.refused.load(std::memory_order_relaxed)),
          busy_ns(counters.busy_ns.load(std::memory_order_relaxed)),
          at(Clock::now()) {}
};

std::uint64_t largest_lag(const shm::SegmentView& segment) {
    std::uint64_t lag = 0;
    for (std::size_t i = 0; i < limits::sessions_max; ++i) {
        const shm::SessionEntry& entry = segment.session(i);
        if (entry.id.load(std::memory_order_acquire) == 0) continue;
        lag = std::max(lag, entry.lag.load(std::memory_order_relaxed));
    }
    return lag;
}

std::string line_of(const shm::SegmentView& segment, const Sample& before, const Sample& now) {
    const double seconds = std::chrono::duration<double>(now.at - before.at).count();
    const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
        return static_cast<double>(to - from) / seconds;
    };
    const shm::Counters& counters = segment.header().counters;
    return fmt::format(
        "writes/s {:>10.0f}  changes/s {:>10.0f}  refused/s {:>8.0f}  busy {:>3.0f}%  records "
        "{:>10}  "
        "sessions {:>4}  lag {:>8}  heap {:>7} MiB of {}",
        rate(before.commits, now.commits), rate(before.changes, now.changes),
        rate(before.refused, now.refused), rate(before.busy_ns, now.busy_ns) / 1e7,
        counters.records.load(std::memory_order_relaxed),
        counters.sessions_open.load(std::memory_order_relaxed), largest_lag(segment),
        counters.heap_bytes_used.load(std::memory_order_relaxed) >> 20,
        segment.identity().heap.bytes >> 20);
}

void top(const Context& context, double interval_s, std::uint64_t count) {
    catch_interrupts();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    Sample before(segment.header().counters);
    for (std::uint64_t shown = 0; (count == 0 || shown < count) && !is_interrupted(); ++shown) {
        const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(interval_s));
        while (!is_interrupted() && Clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        const Sample now(segment.header().counters);
        const std::string line = line_of(segment.view(), before, now);
        print_line((is_terminal ? "\r\033[K" : "") + line + (is_terminal ? "\033[1A" : ""), true);
        before = now;
        const auto state = segment.header().broker.state.load(std::memory_order_relaxed);
        if (state != static_cast<std::uint32_t>(shm::GridState::serving)) {
            throw Exception(Error(Errc::no_broker, "the grid has ended"));
        }
    }
    if (is_terminal) print_line("");
}

}  // namespace

void add_top_command(CLI::App& app, Context& context) {
    struct Arguments {
        double interval_s = 1;
        std::uint64_t count = 0;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("top", "Shows writes, changes, sessions, lag and memory, live");
    command->add_option("--interval", arguments->interval_s, "Seconds between two looks")
        ->check(CLI::Range(0.05, 3600.0));
    command->add_option("--count", arguments->count, "End after so many looks");
    command->footer(
        "Reads leave no trace in shared memory, so they cannot be counted.\n"
        "Example: ringside -g onsale top");
    command->callback(
        [&context, arguments] { top(context, arguments->interval_s, arguments->count); });
}

}  // namespace ringside::tools
