#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ringside/record.hpp"
#include "shm/name/pattern.hpp"
#include "tools/kafka/kafka/properties.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// The value of a message.
enum class ValueForm : std::uint8_t {
    document,  ///< always the whole document
    change,    ///< a JSON Patch if the change was at one place; otherwise the whole document
};

/// Where a sink without a position begins.
enum class SinkStart : std::uint8_t {
    snapshot,  ///< with the state, then its changes
    now,       ///< with the next change
};

/// The reaction to a message that exceeds Kafka's limit.
enum class TooLarge : std::uint8_t {
    stop,  ///< the sink ends
    skip,  ///< counted, logged and omitted
};

/// A `[[sink]]` of the configuration: changes of the grid for one topic.
struct SinkOptions {
    static constexpr std::size_t sinks_max = 16;     ///< bad_configuration; each has a thread
    static constexpr std::size_t patterns_max = 64;  ///< bad_configuration; per sink
    static constexpr std::int64_t snapshot_lease_s_max = 3600;

    std::string name;
    std::string topic;
    std::vector<Pattern> patterns;
    ValueForm value = ValueForm::document;
    SinkStart start = SinkStart::snapshot;
    TooLarge on_too_large = TooLarge::stop;
    /// Key of the messages that are not about a record. None for null, which a compacted topic
    /// refuses.
    std::optional<std::string> marker_key;
    /// Time limit for sending the state.
    std::chrono::seconds snapshot_lease{600};
    Properties kafka;
    /// How long a sink that ends waits for Kafka. Not part of the configuration.
    std::chrono::milliseconds stop_timeout{10'000};
};

/// Reads the sinks of a configuration, each including the common properties.
/// Error: bad_configuration with file and line.
Result<std::vector<SinkOptions>> read_sinks(const toml::table& root, const tools::TomlFile& file,
                                            const Properties& common);

}  // namespace ringside::kafka
