#pragma once

#include <chrono>
#include <string>

#include "ringside/client.hpp"
#include "tools/kafka/sink/outbox.hpp"

namespace ringside::kafka {

/// How a running sink is, for people.
struct SinkReport {
    std::string_view state;   ///< "running", "snapshot": it sends the state, "waiting", "failed"
    std::string reason;       ///< of the last two, or empty
    Revision revision = 0;    ///< up to which Kafka has everything
    Revision behind = 0;      ///< revisions of the grid since then
    std::size_t pending = 0;  ///< messages that Kafka has not acknowledged
    SinkCounters counters;
};

/// The record `kafka/SINK/@sink/MEMBER`, which is there as long as that sink runs, and ten seconds
/// after one that was killed.
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
