#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// A commit of a former broker, as recorded in the ring's entries.
struct Applied {
    std::uint64_t number = 0;  ///< of the request
    Revision revision = 0;
    std::uint32_t first_version = 0;  ///< of its changes, among those of the lane
    std::uint32_t changes = 0;
};

/// The commits of one lane in order, with the versions of their changes. This is a copy, because
/// the ring may have advanced by the time it is needed.
struct AppliedInLane {
    std::vector<Applied> commits;
    std::vector<Version> versions;

    /// Discards the commits of requests up to this number, except the last one, which shows that
    /// the ring reaches back to it.
    void discard_answered(std::uint64_t answered) {
        const auto open = std::upper_bound(
            commits.begin(), commits.end(), answered,
            [](std::uint64_t number, const Applied& one) { return number < one.number; });
        if (open - commits.begin() < 2) return;
        const auto first = open - 1;
        const std::uint32_t skipped = first->first_version;
        versions.erase(versions.begin(), versions.begin() + skipped);
        commits.erase(commits.begin(), first);
        for (Applied& one : commits) one.first_version -= skipped;
        commits.shrink_to_fit();
        versions.shrink_to_fit();
    }
};

/// The requests of one lane that a former broker may have taken, and their outcomes.
///
/// A lane's requests are executed in order, so that their numbers and revisions rise together. The
/// ring holds all commits from some revision on. A request without a commit in the ring was not
/// applied in two cases: an earlier request has a commit there, or the ring holds every commit of
/// the grid.
class InDoubt {
public:
    enum class Fate { applied, not_applied, unknown };

    InDoubt(AppliedInLane applied, std::uint64_t begun, std::uint64_t until, bool is_complete)
        : applied_(std::move(applied.commits)),
          versions_(std::move(applied.versions)),
          begun_(begun),
          until_(until),
          is_complete_(is_complete) {}

    /// Memory of the copy.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return applied_.capacity() * sizeof(Applied) + versions_.capacity() * sizeof(Version);
    }

    /// Number of the last request that existed when the former broker died.
    [[nodiscard]] std::uint64_t until() const noexcept { return until_; }

    /// Returns the commit of a request, or null.
    [[nodiscard]] const Applied* find(std::uint64_t number) const noexcept {
        const auto place = std::lower_bound(
            applied_.begin(), applied_.end(), number,
            [](const Applied& one, std::uint64_t wanted) { return one.number < wanted; });
        return place == applied_.end() || place->number != number ? nullptr : &*place;
    }

    [[nodiscard]] std::span<const Version> versions_of(const Applied& applied) const noexcept {
        return std::span(versions_).subspan(applied.first_version, applied.changes);
    }

    /// Returns the outcome of a request that the former broker has taken out of the lane.
    [[nodiscard]] Fate fate_of(std::uint64_t number) const noexcept {
        if (find(number) != nullptr) return Fate::applied;
        const bool is_after_known = !applied_.empty() && applied_.front().number < number;
        return is_after_known || is_complete_ ? Fate::not_applied : Fate::unknown;
    }

    /// Returns whether the request must not be executed now. Either it or a later one of the lane
    /// was applied, or it was started and the ring cannot decide.
    [[nodiscard]] bool had_its_turn(std::uint64_t number) const noexcept {
        if (!applied_.empty() && applied_.back().number >= number) return true;
        return number <= begun_ && fate_of(number) == Fate::unknown;
    }

private:
    std::vector<Applied> applied_;
    std::vector<Version> versions_;
    std::uint64_t begun_;
    std::uint64_t until_;
    bool is_complete_;
};

}  // namespace ringside::broker
