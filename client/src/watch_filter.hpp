#pragma once

#include <optional>
#include <string>

#include "ringside/watch.hpp"
#include "shm/name/pattern.hpp"
#include "shm/ring/change_ring.hpp"

namespace ringside {

/// Which entries of the change ring a watch delivers, and as what.
class WatchFilter {
public:
    WatchFilter(Pattern pattern, Pointer pointer, const WatchOptions& options);

    /// Begins with a grid: hashes of names differ from one to the next.
    void attach(const shm::SegmentView& segment);

    /// By the entry alone, before what it leads to is loaded: false for most that are not wanted.
    [[nodiscard]] bool may_pass(const shm::Change& change) const noexcept;

    /// What the entry is to the watch; none: nothing. As of revision `at`: of a record that changes
    /// again before it, a watch for the latest state has this from a later entry.
    /// REQUIRES: `may_pass`; what the entry leads to and has replaced is pinned.
    [[nodiscard]] std::optional<WatchKind> kind_of(const shm::Change& change, Revision at) const;

    /// Whether the value at a pointer differs from what it was before the change; true of events.
    /// REQUIRES: what the entry leads to and has replaced is pinned.
    [[nodiscard]] bool touches(const shm::Change& change, const Pointer& pointer) const;

    /// The subject and nothing else, of the record that says who provides it.
    [[nodiscard]] static RecordView subject_of(const RecordView& provided) noexcept;

    /// Of what it delivers, see shm/ring/change_ring.hpp.
    [[nodiscard]] std::uint32_t subjects() const noexcept { return subjects_; }

    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    /// Names of the records that say who provides what matches.
    [[nodiscard]] const std::optional<Pattern>& provided() const noexcept { return provided_; }
    /// Null: the watch has none.
    [[nodiscard]] const Pointer* pointer() const noexcept {
        return pointer_.empty() ? nullptr : &pointer_;
    }
    [[nodiscard]] bool delivers(WatchFor what) const noexcept { return includes(what_, what); }

private:
    [[nodiscard]] bool is_folded(const shm::Change& change, const shm::VersionBlock& version,
                                 Revision at) const noexcept;

    const Pattern pattern_;
    std::optional<Pattern> provided_;
    const Pointer pointer_;
    const WatchFor what_;
    const WatchMode mode_;
    shm::SegmentView segment_;
    std::uint32_t literal_hash_ = 0;   ///< of the one name that a literal pattern names
    std::uint32_t provided_hash_ = 0;  ///< of the record that says who provides it
    std::uint32_t subjects_ = 0;
};

}  // namespace ringside
