#include "tools/kafka/sink/options.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <utility>

#include "shm/name/name.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

template <class T>
using Words = std::array<std::pair<std::string_view, T>, 2>;

constexpr Words<ValueForm> value_forms = {
    {{"document", ValueForm::document}, {"change", ValueForm::change}}};
constexpr Words<SinkStart> starts = {{{"snapshot", SinkStart::snapshot}, {"now", SinkStart::now}}};
constexpr Words<TooLarge> too_large_choices = {
    {{"stop", TooLarge::stop}, {"skip", TooLarge::skip}}};

TomlFile::Take patterns_to(const TomlFile& file, std::vector<Pattern>& patterns) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::vector<std::string> texts;
        if (auto taken = file.to(texts)(key, node); !taken) return taken;
        if (texts.size() > SinkOptions::patterns_max) {
            return file.error_at(node, "sink has more than " +
                                           std::to_string(SinkOptions::patterns_max) + " patterns");
        }
        for (const std::string& text : texts) {
            auto pattern = Pattern::parse(text);
            if (!pattern) return file.error_at(node, pattern.error().text());
            patterns.push_back(*std::move(pattern));
        }
        const auto is_of_grid = [](const Pattern& one) { return is_reserved(one.text()); };
        const auto count = std::count_if(patterns.begin(), patterns.end(), is_of_grid);
        if (count == 0 || std::size_t(count) == patterns.size()) return {};
        return file.error_at(node,
                             "patterns that begin with '$' cannot be mixed with others; move them "
                             "to their own [[sink]]");
    };
}

/// The name is a level in the names of the sink's records.
bool is_name(const std::string& name) {
    return !name.starts_with('@') && name.find('/') == std::string::npos &&
           check_name("kafka/" + name + "/@position").has_value();
}

Result<SinkOptions> read_sink(const toml::table& table, const TomlFile& file,
                              const Properties& common) {
    SinkOptions sink;
    sink.kafka = common;
    std::string marker_key;
    std::int64_t lease_s = sink.snapshot_lease.count();
    const auto to_kafka = [&](std::string_view, const toml::node& node) -> Result<void> {
        const toml::table* properties = node.as_table();
        if (properties == nullptr)
            return file.error_at(node, "kafka must be a table; write [sink.kafka]");
        return sink.kafka.read(*properties, file);
    };
    auto read =
        file.read(table, "a [[sink]]",
                  {{"name", file.to(sink.name)},
                   {"topic", file.to(sink.topic)},
                   {"patterns", patterns_to(file, sink.patterns)},
                   {"value", file.to(sink.value, value_forms)},
                   {"start", file.to(sink.start, starts)},
                   {"on_too_large", file.to(sink.on_too_large, too_large_choices)},
                   {"marker_key", file.to(marker_key)},
                   {"snapshot_lease_s", file.to(lease_s, 1, SinkOptions::snapshot_lease_s_max)},
                   {"kafka", to_kafka}});
    if (!read) return read.error();
    if (sink.name.empty() || sink.topic.empty() || sink.patterns.empty()) {
        return file.error_at(table, "[[sink]] is incomplete; set name, topic and patterns");
    }
    if (!is_name(sink.name)) {
        return file.error_at(table, "sink name must be one level of a record name");
    }
    if (!marker_key.empty()) sink.marker_key = marker_key;
    sink.snapshot_lease = std::chrono::seconds(lease_s);
    return sink;
}

}  // namespace

Result<std::vector<SinkOptions>> read_sinks(const toml::table& root, const TomlFile& file,
                                            const Properties& common) {
    std::vector<SinkOptions> sinks;
    auto read = file.each_table(root, "sink", [&](const toml::table& table) -> Result<void> {
        auto sink = read_sink(table, file, common);
        if (!sink) return sink.error();
        const bool is_known = std::any_of(sinks.begin(), sinks.end(), [&](const SinkOptions& one) {
            return one.name == sink->name;
        });
        if (is_known) return file.error_at(table, "duplicate sink name '" + sink->name + "'");
        if (sinks.size() == SinkOptions::sinks_max) {
            return file.error_at(table,
                                 "more than " + std::to_string(SinkOptions::sinks_max) + " sinks");
        }
        sinks.push_back(*std::move(sink));
        return {};
    });
    if (!read) return read.error();
    return sinks;
}

}  // namespace ringside::kafka
