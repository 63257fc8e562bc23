#include "tools/kafka/sink/sink_command.hpp"

#include <algorithm>
#include <cstdio>

#include "tools/kafka/sink/run_sinks.hpp"

namespace ringside::kafka {

Result<void> run_sink_command(const std::string& grid, const toml::table& root,
                              const tools::TomlFile& file, const Properties& common,
                              const std::string& name, const std::stop_token& stop) {
    auto sinks = read_sinks(root, file, common);
    if (!sinks) return sinks.error();
    if (!name.empty()) {
        std::erase_if(*sinks, [&](const SinkOptions& one) { return one.name != name; });
        if (sinks->empty()) {
            return Error(Errc::bad_configuration,
                         "there is no [[sink]] of the name '" + name + "'");
        }
    }
    return run_sinks(grid, *sinks, stop, [] {
        std::puts("ready");
        std::fflush(stdout);
    });
}

}  // namespace ringside::kafka
