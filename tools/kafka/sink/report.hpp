#pragma once

#include <chrono>
#include <string>

#include "ringside/client.hpp"
#include "tools/kafka/sink/outbox.hpp"

namespace ringside::kafka {

/// The state of a running sink, for people.
struct SinkReport {
    std::string_view state;   ///< "running", "snapshot" (sends the state), "waiting", "failed"
    std::string reason;       ///< for the last two, otherwise empty
    Revision revision = 0;    ///< up to which Kafka has everything
    Revision behind = 0;      ///< revisions of the grid after that
    std::size_t pending = 0;  ///< messages not yet acknowledged by Kafka
    SinkCounters counters;
};

/// The record `kafka/SINK/@sink/MEMBER`, which exists as long as that sink runs, and for ten
/// seconds after the sink was killed.
/// Thread safety: one thread at a time.
class ReportRecord {
public:
    static constexpr auto interval = std::chrono::seconds(1);
    static constexpr auto time_to_live = std::chrono::seconds(10);

    ReportRecord(Client& client, const std::string& sink, const std::string& member);

    /// Errors: as `Client::put`.
    Result<void> write(const SinkReport& report);
    /// Errors: as `Client::remove`.
    Result<void> remove();

private:
    Client& client_;
    std::string name_;
    std::chrono::steady_clock::time_point written_at_{};
    std::uint64_t messages_written_ = 0;
};

}  // namespace ringside::kafka
