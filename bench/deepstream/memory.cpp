#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "bench/deepstream/fan_out.hpp"

namespace ringside::bench {

namespace {

double grown_bytes(std::uint64_t before, std::uint64_t after) {
    return static_cast<double>(after) - static_cast<double>(before);
}

/// Returns the growth of the server's memory per logged-in, idle connection, in KiB.
double idle_kib(const Server& server, std::size_t count) {
    // One-time allocations for the first connections are not counted.
    constexpr std::size_t first_ones = 100;
    std::deque<Connection> connections;
    for (std::size_t i = 0; i < first_ones; ++i) connections.emplace_back(server.port);
    const std::uint64_t before = resident_bytes_of(server.process);
    for (std::size_t i = 0; i < count; ++i) connections.emplace_back(server.port);
    return grown_bytes(before, resident_bytes_of(server.process)) / 1024 /
           static_cast<double>(count);
}

/// Returns the maximum growth of the server's memory in MiB while it sends events to two
/// subscribers. One of them reads the events, the other does not.
double flood_mib(const Server& server, std::size_t bytes) {
    constexpr std::size_t event_bytes = 1'000;
    constexpr std::size_t step = 100;
    EventFanOut fan_out(server, 1, event_bytes);
    fan_out.send_to_all(bytes / event_bytes / 4);  // warm-up
    Connection deaf(server.port);
    fan_out.subscribe(deaf);
    const std::uint64_t before = own_bytes_of(server.process);
    std::uint64_t most = before;
    for (std::size_t sent = 0; sent < bytes; sent += step * event_bytes) {
        fan_out.send_to_all(step);
        most = std::max(most, own_bytes_of(server.process));
    }
    return grown_bytes(before, most) / (1 << 20);
}

}  // namespace

void measure_memory(Report& report, const DeepstreamScale& scale) {
    allow_descriptors(scale.connections + 1'000);
    {
        const RingsideServer ringside;
        const UpstreamServer upstream;
        report.ratio(fmt::format("memory of the server for an idle connection, {} of them",
                                 scale.connections),
                     {idle_kib(ringside.server(), scale.connections)}, "KiB",
                     {idle_kib(upstream.server(), scale.connections)}, "deepstream", 0.3);
    }
    const RingsideServer ringside;
    const UpstreamServer upstream;
    const std::string figure = fmt::format(
        "growth of the server's memory, {} MB of events to a "
        "subscriber that does not read",
        scale.flood_bytes / 1'000'000);
    report.absolute(figure, flood_mib(ringside.server(), scale.flood_bytes), "MiB",
                    Report::Wanted::at_most, 1);
    report.plain("the same, deepstream", flood_mib(upstream.server(), scale.flood_bytes), "MiB");
}

}  // namespace ringside::bench
