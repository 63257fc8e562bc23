#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "name_matcher.hpp"
#include "ringside/record_cursor.hpp"
#include "shm/segment/segment.hpp"
#include "shm/version/version.hpp"

namespace ringside::detail {

/// Records at one revision that somebody has found, a batch at a time, with the cache misses of the
/// next ones overlapped. REQUIRES: pinned at or below that revision, from before they were found.
class RecordList {
public:
    struct Terms {
        std::optional<Pattern> pattern{};  ///< only those that match; none: all do
        NameRange range{};                 ///< and whose names are in it
        bool is_ordered = true;            ///< in the order of their names
    };
    RecordList(const shm::SegmentView& segment, Revision at, const std::vector<RecordId>& records,
               Terms terms);

    /// The next ones; none at the end. Valid until the next call.
    [[nodiscard]] std::span<const RecordView> next();

private:
    void find_versions(const std::vector<RecordId>& records);
    [[nodiscard]] bool is_wanted(std::string_view name);

    shm::SegmentView segment_;
    Revision at_;
    Terms terms_;
    std::optional<NameMatcher> matcher_;
    std::vector<const shm::VersionBlock*> versions_;
    std::size_t next_ = 0;
    std::array<RecordView, RecordCursor::batch_max> batch_;
};

}  // namespace ringside::detail
