#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/counters.hpp"

namespace ringside::kafka {

/// What a source is doing.
enum class SourceState : std::uint8_t {
    joining,    ///< has no partitions yet
    standby,    ///< is in the group, which has no partitions for it
    loading,    ///< reads snapshots; the other topics wait
    following,  ///< applies messages, and has not met the end of every partition yet
    caught_up,  ///< has met the end of every partition, and follows
    held,       ///< nothing can be applied just now, as the grid, or a topic, takes nothing
    waiting,    ///< Kafka does not give anything just now
    ending,
};

[[nodiscard]] std::string_view name(SourceState state) noexcept;

/// What a running source tells of itself.
struct SourceReport {
    struct Partition {
        std::string topic;
        std::int32_t partition = 0;
        std::optional<std::int64_t> offset{};  ///< its position; none: it has none yet
        std::optional<std::int64_t> lag{};     ///< messages behind; none: not known yet
    };

    SourceState state = SourceState::joining;
    std::string reason;  ///< why it is held or waits; empty otherwise
    std::int64_t pid = 0;
    std::int64_t since_ms = 0;  ///< Unix time since when it is in this state
    Counters counters;
    std::uint64_t rate = 0;  ///< messages of the last second
    std::vector<Partition> partitions;
};

/// `kafka/GROUP/@source/MEMBER`
[[nodiscard]] std::string state_name(std::string_view group, std::string_view member);

/// How long the record of a source lives that does not write it any more.
inline constexpr std::chrono::seconds state_ttl{10};

[[nodiscard]] std::string to_json(const SourceReport& report);

/// Whether the sources of a group are ready, and a line for people that says why.
struct Readiness {
    bool is_ready = false;
    std::string text;
};

/// Ready: one at least lives, and all that have partitions are caught up, or, where `max_lag` is
/// not 0, follow with no more messages behind in all, and it is known that they do. Errors: those
/// of `Client::snapshot`.
[[nodiscard]] Result<Readiness> readiness_of(const Client& client, const std::string& group,
                                             std::int64_t max_lag);

}  // namespace ringside::kafka
