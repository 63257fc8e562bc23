#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "name_matcher.hpp"
#include "ringside/record_cursor.hpp"
#include "shm/index/name_index.hpp"
#include "shm/segment/segment.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::detail {

/// Walks the records of the index with two steps of look-ahead. While the records of one leaf are
/// read, two things are loading: the version blocks of the next leaf, and the slots of the leaf
/// after it.
class IndexWalk {
public:
    IndexWalk(const shm::SegmentView& segment, std::string_view from) noexcept;

    /// Returns the newest blocks of the next records, in name order; empty at the end. A block may
    /// be null.
    [[nodiscard]] std::span<const shm::VersionBlock* const> next() noexcept;

private:
    struct Leaf {
        std::array<const shm::VersionBlock*, RecordCursor::batch_max> blocks;
        std::size_t count = 0;
    };
    void load_slots() noexcept;
    void load_blocks() noexcept;

    shm::SlotsReader slots_;
    shm::NameIndexCursor cursor_;
    std::span<const std::uint32_t> ids_;
    Leaf current_;
    Leaf ahead_;
};

/// Records at one revision whose names begin with a prefix or match a pattern, in name order.
/// REQUIRES: pinned at or below that revision, from before the construction.
class Scan {
public:
    /// Scans names that begin with `prefix`; "" = all except system names.
    Scan(const shm::SegmentView& segment, Revision at, std::string prefix);
    /// Scans names that match.
    Scan(const shm::SegmentView& segment, Revision at, const Pattern& pattern, NameRange range);

    /// Returns the next records; none at the end. Valid until the next call.
    [[nodiscard]] std::span<const RecordView> next();

private:
    [[nodiscard]] bool is_in_range(std::string_view name) const noexcept {
        return name >= range_.begin && (range_.end.empty() || name < range_.end);
    }
    [[nodiscard]] std::span<const RecordView> find(std::string_view name);
    [[nodiscard]] std::size_t take(std::span<const shm::VersionBlock* const> blocks);
    [[nodiscard]] std::size_t without_those_beyond(std::size_t count);
    [[nodiscard]] std::size_t without_mismatches(std::size_t count);

    shm::SegmentView segment_;
    Revision at_;
    std::string prefix_;
    NameRange range_;
    std::optional<NameMatcher> matcher_;   ///< none: every name with the prefix
    std::optional<std::string> one_name_;  ///< to be looked up before the walk
    std::optional<IndexWalk> walk_;
    bool is_at_end_ = false;
    std::array<RecordView, RecordCursor::batch_max> batch_;
};

}  // namespace ringside::detail
