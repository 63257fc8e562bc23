#include "bench/deepstream/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/support/report.hpp"

namespace ringside::bench {

void BusyTable::add(const std::string& load, const Server& server, std::vector<Load> rounds) {
    std::ranges::sort(rounds, {}, &Load::ns_each);
    const Load& middle = rounds[rounds.size() / 2];
    const auto share = [&](double ns) { return fmt::format("{:.0f} %", 100 * ns / middle.ns); };
    table_.add({load, server.name, fmt::format("{:.0f}", 1e9 / middle.ns_each()),
                share(middle.generator_ns), share(middle.server_ns),
                server.broker ? share(middle.broker_ns) : "",
                duration((middle.server_ns + middle.broker_ns) / middle.operations)});
}

}  // namespace ringside::bench
