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

/// What the value of a message is.
enum class ValueForm : std::uint8_t {
    document,  ///< the whole document, always
    change,    ///< a JSON Patch, where the change was of one place; the whole document otherwise
};

/// Where a sink begins that has no position.
enum class SinkStart : std::uint8_t {
    snapshot,  ///< with the state, then its changes
    now,       ///< with the next change
};

/// What becomes of a message that is larger than Kafka takes.
enum class TooLarge : std::uint8_t {
    stop,  ///< the sink ends
    skip,  ///< it is counted, logged and left out
};

/// A `[[sink]]` of the configuration: changes of the grid that go to one topic.
struct SinkOptions {
    static constexpr std::size_t sinks_max = 16;     ///< bad_configuration; each has a thread
    static constexpr std::size_t patterns_max = 64;  ///< bad_configuration; of one sink
    static constexpr std::int64_t snapshot_lease_s_max = 3600;

    std::string name;
    std::string topic;
    std::vector<Pattern> patterns;
    ValueForm value = ValueForm::document;
    SinkStart start = SinkStart::snapshot;
    TooLarge on_too_large = TooLarge::stop;
    /// Key of the messages that are about no record; none: null, which a compacted topic refuses.
    std::optional<std::string> marker_key;
    /// How long the state may take to be sent.
    std::chrono::seconds snapshot_lease{600};
    Properties kafka;
    /// How long a sink that ends waits for Kafka. Not part of the configuration.
    std::chrono::milliseconds stop_timeout{10'000};
};

/// The sinks of a configuration, each with the properties that are common to all.
/// Error: bad_configuration with file and line.
Result<std::vector<SinkOptions>> read_sinks(const toml::table& root, const tools::TomlFile& file,
                                            const Properties& common);

}  // namespace ringside::kafka
