#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/counters.hpp"

namespace ringside::kafka {

/// The state of a source.
enum class SourceState : std::uint8_t {
    joining,    ///< has no partitions yet
    standby,    ///< in the group, which has no partitions for it
    loading,    ///< reads snapshots; the other topics wait
    following,  ///< applies messages, and has not reached the end of every partition yet
    caught_up,  ///< has reached the end of every partition, and follows
    held,       ///< nothing can be applied at the moment, because the grid or a topic takes nothing
    waiting,    ///< Kafka delivers nothing at the moment
    ending,
};

[[nodiscard]] std::string_view name(SourceState state) noexcept;

/// The report of a running source.
struct SourceReport {
    struct Partition {
        std::string topic;
        std::int32_t partition = 0;
        std::optional<std::int64_t> offset{};  ///< its position; none if it has none yet
        std::optional<std::int64_t> lag{};     ///< messages behind; none if unknown
    };

    SourceState state = SourceState::joining;
    std::string reason;  ///< why it is held or waits; otherwise empty
    std::int64_t pid = 0;
    std::int64_t since_ms = 0;  ///< Unix time at which it entered this state
    Counters counters;
    std::uint64_t rate = 0;  ///< messages in the last second
    std::vector<Partition> partitions;
};

/// `kafka/GROUP/@source/MEMBER`
[[nodiscard]] std::string state_name(std::string_view group, std::string_view member);

/// Lifetime of the record of a source that no longer updates it.
inline constexpr std::chrono::seconds state_ttl{10};

[[nodiscard]] std::string to_json(const SourceReport& report);

/// Whether the sources of a group are ready, and a line for people with the reason.
struct Readiness {
    bool is_ready = false;
    std::string text;
};

/// Returns ready if at least one source runs, and all sources with partitions are caught up. If
/// `max_lag` is not 0, sources that follow are ready as well if their total lag is known and does
/// not exceed it. Errors: those of `Client::snapshot`.
[[nodiscard]] Result<Readiness> readiness_of(const Client& client, const std::string& group,
                                             std::int64_t max_lag);

}  // namespace ringside::kafka
