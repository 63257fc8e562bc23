#include "tools/ringside/offline.hpp"

#include <CLI/CLI.hpp>

#include "tools/ringside/grid_state.hpp"

namespace ringside::tools {

void add_offline_flag(CLI::App& command, Context& context) {
    command.add_flag("--offline", context.is_offline,
                     "Read the segment of a dead broker; refused while a broker runs");
}

Client attach_to_read(const Context& context) {
    auto client = Client::attach({.grid = context.grid,
                                  .program = "ringside",
                                  .timeout = std::chrono::seconds(5),
                                  .offline = context.is_offline});
    if (client) return *std::move(client);
    Error failure = client.error();
    if (!context.is_offline && failure == Errc::no_broker) {
        const auto segment = shm::Segment::open(context.grid);
        if (segment && !has_broker(*segment)) {
            failure.detail += failure.detail.empty() ? "" : "; ";
            failure.detail += "its broker died; start it again, or read with --offline";
        }
    }
    throw Exception(failure);
}

}  // namespace ringside::tools
