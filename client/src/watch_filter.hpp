#pragma once

#include <optional>
#include <string>

#include "ringside/watch.hpp"
#include "shm/name/pattern.hpp"
#include "shm/ring/change_ring.hpp"

namespace ringside {

/// Decides which entries of the change ring a watch delivers, and as which kind.
class WatchFilter {
public:
    WatchFilter(Pattern pattern, JsonPointer pointer, const WatchOptions& options);

    /// Attaches to a grid: hashes of names differ between grids.
    void attach(const shm::SegmentView& segment);

    /// Checks the entry alone, before its targets are loaded. Returns false for most unwanted
    /// entries.
    [[nodiscard]] bool may_pass(const shm::Change& change) const noexcept;

    /// Returns the kind of the entry for the watch, as of revision `at`; nothing if it is not
    /// delivered. In mode latest, an entry is skipped if the record changes again at or before
    /// `at`.
    /// REQUIRES: `may_pass`; the entry's target and the version that it replaced are pinned.
    [[nodiscard]] std::optional<WatchKind> kind_of(const shm::Change& change, Revision at) const;

    /// Returns whether the change affects the value at a pointer; true for events.
    /// REQUIRES: the entry's target and the version that it replaced are pinned.
    [[nodiscard]] bool affects(const shm::Change& change, const JsonPointer& pointer) const;

    /// Returns a view with only the subject of a `provided` record.
    [[nodiscard]] static RecordView subject_of(const RecordView& provided) noexcept;

    /// Subjects of the delivered entries, see shm/ring/change_ring.hpp.
    [[nodiscard]] std::uint32_t subjects() const noexcept { return subjects_; }

    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    /// Pattern of the `provided` records of matching subjects.
    [[nodiscard]] const std::optional<Pattern>& provided() const noexcept { return provided_; }
    /// Returns null if the watch has no pointer.
    [[nodiscard]] const JsonPointer* pointer() const noexcept {
        return pointer_.empty() ? nullptr : &pointer_;
    }
    [[nodiscard]] bool delivers(WatchFor what) const noexcept { return includes(what_, what); }

private:
    [[nodiscard]] bool is_folded(const shm::Change& change, const shm::VersionBlock& version,
                                 Revision at) const noexcept;

    const Pattern pattern_;
    std::optional<Pattern> provided_;
    const JsonPointer pointer_;
    const WatchFor what_;
    const WatchMode mode_;
    shm::SegmentView segment_;
    std::uint32_t literal_hash_ = 0;   ///< of the single name of a literal pattern
    std::uint32_t provided_hash_ = 0;  ///< of its `provided` record
    std::uint32_t subjects_ = 0;
};

}  // namespace ringside
