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

/// Records at one revision from a given list, in batches, with overlapping cache misses. REQUIRES:
/// pinned at or below that revision, from before the list was made.
class RecordList {
public:
    struct Terms {
        std::optional<Pattern> pattern{};  ///< only matching names; none: all names
        NameRange range{};                 ///< only names in this range
        bool is_ordered = true;            ///< sorted by name
    };
    RecordList(const shm::SegmentView& segment, Revision at, const std::vector<RecordId>& records,
               Terms terms);

    /// Returns the next records; none at the end. Valid until the next call.
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
