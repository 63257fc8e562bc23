#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringside/write.hpp"
#include "tools/kafka/kafka/properties.hpp"
#include "tools/kafka/mapping/mapper.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// Where a partition without a position begins.
enum class Start : std::uint8_t { earliest, latest };

/// The reaction to refused messages if there is no dead-letter topic.
enum class OnError : std::uint8_t {
    stop,  ///< the source ends, before the message
    skip,  ///< it is omitted, counted and logged
};

/// A `[[source.topic]]`.
struct TopicOptions {
    std::string name{};  ///< or a regular expression, `^…`
    Start start = Start::earliest;
    bool is_snapshot = false;  ///< read to its end before the other topics
    Mapping mapping;
    std::shared_ptr<const void> expression{};  ///< compiled; null where `name` is a name

    /// Returns whether it applies to a topic of that name. A regular expression is a POSIX extended
    /// one, as in librdkafka.
    [[nodiscard]] bool matches(const std::string& topic) const;
    [[nodiscard]] bool is_expression() const noexcept { return name.starts_with('^'); }
};

/// `[source]`.
struct SourceOptions {
    // Error beyond the limit: bad_configuration.
    static constexpr std::size_t topics_max = 256;
    static constexpr std::size_t group_bytes_max = 128;
    static constexpr std::int64_t batch_messages_max = 10'000;
    static constexpr std::int64_t batch_bytes_max = 16 << 20;

    std::string group = "ringside";
    std::string dead_letter_topic;  ///< empty if there is none
    OnError on_error = OnError::stop;
    Grade grade = Grade::applied;
    std::int64_t batch_messages = 500;
    std::int64_t batch_bytes = 1 << 20;
    std::vector<TopicOptions> topics;
    Properties kafka;
    /// How long an offset beyond the end may be one that a new leader does not know yet. Not part
    /// of the configuration.
    std::chrono::milliseconds leader_patience{5000};

    /// Returns the first entry for a topic of that name, or null.
    [[nodiscard]] const TopicOptions* topic(const std::string& name) const;
    [[nodiscard]] bool has_snapshots() const noexcept;
};

/// Reads the `[source]` of a configuration. Returns none if it has none. `common` holds the
/// properties of `[kafka]`; null if properties are not needed and must not be read.
/// Error: bad_configuration with file and line.
Result<std::optional<SourceOptions>> read_source(const toml::table& root,
                                                 const tools::TomlFile& file,
                                                 const Properties* common);

}  // namespace ringside::kafka
