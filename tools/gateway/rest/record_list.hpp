#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Snapshots that are kept for the next page of a list. Thread safety: all members.
class SnapshotShelf {
public:
    explicit SnapshotShelf(Client& client) : client_(client) {}

    /// The grid as of a revision; none: the newest. Kept for `time` from now.
    /// Errors: as `Client::snapshot`.
    Result<std::shared_ptr<const Snapshot>> at(std::optional<Revision> revision);
    /// For the next page. (One page alone needs none.)
    void keep(std::shared_ptr<const Snapshot> snapshot);

    static constexpr std::size_t snapshots_max = 32;
    static constexpr std::chrono::seconds time{60};

private:
    using Clock = std::chrono::steady_clock;
    struct Kept {
        std::shared_ptr<const Snapshot> snapshot;
        Clock::time_point until;
    };

    Client& client_;
    std::mutex mutex_;
    std::deque<Kept> kept_;  ///< the one that was asked for last at the end
};

/// `/v1/records`: a page of the records whose names match.
class RecordListResource {
public:
    explicit RecordListResource(Operations& operations)
        : operations_(operations), shelf_(operations.grid().client()) {}

    Task<Response> handle(Request& request, const Requester& requester);

    static constexpr std::uint64_t page_default = 100;
    static constexpr std::uint64_t page_max = 1000;
    /// A page is ended early when it has this many bytes.
    static constexpr std::size_t page_bytes = 8U << 20;

private:
    struct Page {
        std::string pattern_text;
        Pattern pattern;
        std::uint64_t limit;
        std::string after;
        std::optional<Revision> revision;
        bool has_documents;
        Requester requester;
    };

    [[nodiscard]] Outcome<Page> page_of(const Request& request, const Requester& requester) const;
    [[nodiscard]] Outcome<std::string> make(const Page& page);

    Operations& operations_;
    SnapshotShelf shelf_;
};

}  // namespace ringside::gateway
