#pragma once

#include <unordered_map>

#include "ringside/history.hpp"
#include "shm/ring/ended_writers.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::detail {

/// Looks up the identities of sessions in a segment. Thread safety: none.
class WriterDirectory {
public:
    /// Reads records as of revision `at`. REQUIRES: pinned at or below it while the object is used.
    WriterDirectory(const shm::SegmentView& segment, Revision at) noexcept
        : segment_(segment), at_(at) {}

    /// Returns the writer; valid as long as the directory. Cost: the first session that is not open
    /// makes it read the identities of all ended sessions.
    const Writer& find(SessionId session);

private:
    [[nodiscard]] std::optional<Writer> open_session(SessionId session) const;
    [[nodiscard]] std::string user_of(SessionId session) const;
    void read_ended();
    void add_ended(shm::EndedWriter ended);

    shm::SegmentView segment_;
    Revision at_;
    bool has_read_ended_ = false;
    std::unordered_map<SessionId, Writer> writers_;
};

}  // namespace ringside::detail
