#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"
#include "tools/gateway/load/stop_signal.hpp"

namespace ringside::gateway {

/// Holds snapshots for the next page of a list. Thread safety: all members.
class SnapshotShelf {
public:
    explicit SnapshotShelf(Client& client, std::chrono::seconds its_time = time)
        : client_(client), time_(its_time) {}

    /// Returns a snapshot of the grid at a revision; none for the newest. Holds it for `time` from
    /// now.
    /// Errors: as `Client::snapshot`.
    Result<std::shared_ptr<const Snapshot>> at(std::optional<Revision> revision);
    /// Holds a snapshot for the next page. (A single page needs none.)
    void keep(std::shared_ptr<const Snapshot> snapshot);
    /// Releases expired snapshots.
    void release_expired();
    [[nodiscard]] std::size_t size() const;

    static constexpr std::size_t snapshots_max = 32;
    static constexpr std::chrono::seconds time{60};

private:
    using Clock = std::chrono::steady_clock;
    struct Kept {
        std::shared_ptr<const Snapshot> snapshot;
        Clock::time_point until;
    };

    Client& client_;
    const std::chrono::seconds time_;
    mutable std::mutex mutex_;
    std::deque<Kept> kept_;  ///< most recently used last
};

/// `/v1/records`: a page of the records whose names match.
class RecordListResource {
public:
    explicit RecordListResource(Operations& operations)
        : operations_(operations), shelf_(operations.grid().client()) {}

    Task<Response> handle(Request& request, const Requester& requester);
    [[nodiscard]] SnapshotShelf& shelf() noexcept { return shelf_; }

    static constexpr std::uint64_t page_default = 100;
    static constexpr std::uint64_t page_max = 1000;
    /// A page ends early at this size.
    static constexpr std::size_t page_bytes = 8U << 20;
    /// Default limit of the time for one page; the caller may ask for less. The page then ends
    /// early, perhaps without records, and `next` continues after it.
    static constexpr std::chrono::milliseconds page_time{1000};

private:
    struct Page {
        std::string pattern_text;
        Pattern pattern;
        std::uint64_t limit;
        std::string after;
        std::optional<Revision> revision;
        bool has_documents;
        Requester requester;
        std::optional<std::uint64_t> timeout_ms;
        std::shared_ptr<StopSignal> gone{};  ///< given when the page is no longer needed
    };

    [[nodiscard]] Outcome<Page> page_of(const Request& request, const Requester& requester) const;
    [[nodiscard]] Outcome<std::string> make(const Page& page);

    Operations& operations_;
    SnapshotShelf shelf_;
};

}  // namespace ringside::gateway
