#include <fmt/format.h>

#include <stdexcept>

#include "bench/peers/fan_out.hpp"
#include "bench/peers/workloads.hpp"
#include "bench/support/progress.hpp"
#include "bench/support/scratch.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

using Channels = std::vector<std::unique_ptr<Channel>>;

struct Spread {
    Latencies last_has_it;
    std::vector<double> server_ns;  ///< processor time per announcement, by slices
};

/// Writer and watcher share one spinning thread: with the server, this uses two cores.
Latencies spinning_latencies(const Channel& channel, std::size_t count) {
    const auto watcher = channel.make_watcher(Waiting::spinning);
    const auto announcer = channel.make_announcer();
    Latencies latencies;
    const double tick_ns = ns_per_tick();  // takes long enough for the watcher to be registered
    for (std::uint64_t number = 1; number <= count; ++number) {
        const Bytes document = numbered_document(number);
        const std::uint64_t start = ticks();
        announcer->announce(document);
        while (watcher->poll() != number) {
            if (static_cast<double>(ticks() - start) * tick_ns > 5e9)
                throw std::runtime_error(std::string(channel.name()) + " lost a message");
        }
        latencies.add(static_cast<double>(ticks() - start) * tick_ns);
    }
    return latencies;
}

void spread(const Channel& channel, std::size_t watchers, std::size_t count, Spread& spread) {
    FanOut fan_out(channel, watchers);
    const double before = processor_time_ns(channel.server());
    for (std::size_t i = 0; i < count; ++i) {
        usleep(500);  // all are asleep again
        const FanOut::Cost cost = fan_out.announce();
        if (!cost.is_complete) throw std::runtime_error("watcher did not receive the change");
        spread.last_has_it.add(cost.last_has_it_ns);
    }
    spread.server_ns.push_back((processor_time_ns(channel.server()) - before) /
                               static_cast<double>(count));
}

Channels make_channels(Waiting how) {
    Channels channels;
    channels.push_back(make_ringside_channel(how));
    channels.push_back(make_redis_channel(
        Scratch::here().directory(how == Waiting::spinning ? "redis-spinning" : "redis-sleeping")));
    channels.push_back(make_nats_channel());
    return channels;
}

std::vector<std::string> row_of(const std::string& what, std::string_view who,
                                const Latencies& latencies, const std::string& server) {
    return {what,
            std::string(who),
            duration(latencies.at(0.5)),
            duration(latencies.at(0.99)),
            duration(latencies.at(0.999)),
            server};
}

void measure_spinning(Table& table, const Scale& scale) {
    pin_to(0);
    const Channels channels = make_channels(Waiting::spinning);
    progress("write -> watcher, spinning");
    std::vector<Latencies> all(channels.size());
    for (int slice = 0; slice < scale.slices; ++slice) {
        for (std::size_t i = 0; i < channels.size(); ++i)
            all[i].add(spinning_latencies(*channels[i], scale.samples / 60));
    }
    for (std::size_t i = 0; i < channels.size(); ++i)
        table.add(row_of("write -> watcher, spinning", channels[i]->name(), all[i], ""));
}

}  // namespace

std::string measure_watches(Plot& plot, const Scale& scale) {
    Table table({"latency", "who", "p50", "p99", "p99.9", "server's time a write"});
    measure_spinning(table, scale);
    const Channels channels = make_channels(Waiting::sleeping);
    plot = {.title = "Telling sleeping watchers of a write",
            .x_label = "watchers",
            .y_label = "us",
            .lines = {}};
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const std::string name(channels[i]->name());
        plot.lines.push_back({name + ", last has it", {}, i});
        plot.lines.push_back({name + ", server's time", {}, i, true});
    }
    for (const std::size_t watchers : {1, 8, 64}) {
        const std::string workload =
            fmt::format("write -> last of {} watchers, sleeping", watchers);
        progress(workload);
        std::vector<Spread> spreads(channels.size());
        for (int slice = 0; slice < scale.slices; ++slice) {
            for (std::size_t i = 0; i < channels.size(); ++i)
                spread(*channels[i], watchers, std::max<std::size_t>(scale.samples / 1500, 10),
                       spreads[i]);
        }
        for (std::size_t i = 0; i < channels.size(); ++i) {
            const double server_ns = median(spreads[i].server_ns);
            table.add(
                row_of(workload, channels[i]->name(), spreads[i].last_has_it, duration(server_ns)));
            plot.lines[2 * i].points.emplace_back(watchers, spreads[i].last_has_it.at(0.5) / 1000);
            plot.lines[2 * i + 1].points.emplace_back(watchers, server_ns / 1000);
        }
    }
    return "From a write to those who watch:\n\n" + table.text();
}

}  // namespace ringside::bench
