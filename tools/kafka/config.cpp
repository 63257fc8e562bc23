#include "tools/kafka/config.hpp"

#include <toml++/toml.h>

namespace ringside::kafka {

Result<Config> read_config(const std::string& path, Reads reads) {
    toml::table root;
    try {
        root = toml::parse_file(path);
    } catch (const toml::parse_error& failure) {
        const auto line = failure.source().begin.line;
        const std::string where = line == 0 ? path : path + ":" + std::to_string(line);
        return Error(Errc::bad_configuration, where + ": " + std::string(failure.description()));
    }
    const tools::TomlFile file(path);
    Config config;
    const auto elsewhere = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    auto read = file.read(root, "the configuration",
                          {{"grid", file.to(config.grid)},
                           {"kafka", elsewhere},
                           {"source", elsewhere},
                           {"sink", elsewhere}});
    if (!read) return read.error();
    Properties common;
    const auto kafka = file.table(root, "kafka");
    if (!kafka) return kafka.error();
    const bool needs_kafka = reads == Reads::all;
    if (*kafka != nullptr && needs_kafka) {
        if (auto taken = common.read(**kafka, file); !taken) return taken.error();
    }
    auto source = read_source(root, file, needs_kafka ? &common : nullptr);
    if (!source) return source.error();
    config.source = *std::move(source);
    if (!needs_kafka) return config;
    auto sinks = read_sinks(root, file, common);
    if (!sinks) return sinks.error();
    config.sinks = *std::move(sinks);
    return config;
}

}  // namespace ringside::kafka
