#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// A commit that a former broker has made, as the ring's entries tell.
struct Applied {
    std::uint64_t number = 0;  ///< of the request
    Revision revision = 0;
    std::uint32_t first_version = 0;  ///< of its changes, among those of the lane
    std::uint32_t changes = 0;
};

/// The commits of one lane, in their order, and the versions that their changes made: the ring may
/// have gone on by the time they are asked for.
struct AppliedInLane {
    std::vector<Applied> commits;
    std::vector<Version> versions;
};

/// The requests of one lane that a former broker may have taken, and what became of them.
///
/// A lane's requests are carried out in their order, so that their numbers and their revisions rise
/// together. The ring holds all commits from some revision on: a request that is not among them was
/// not applied, if it comes after one that is, or if the ring holds everything there ever was.
class InDoubt {
public:
    enum class Fate { applied, not_applied, unknown };

    InDoubt(AppliedInLane applied, std::uint64_t begun, std::uint64_t until, bool is_complete)
        : applied_(std::move(applied.commits)),
          versions_(std::move(applied.versions)),
          begun_(begun),
          until_(until),
          is_complete_(is_complete) {}

    /// Requests after this one were not there yet when the former broker died.
    [[nodiscard]] std::uint64_t until() const noexcept { return until_; }

    /// The commit of a request, or null.
    [[nodiscard]] const Applied* find(std::uint64_t number) const noexcept {
        const auto place = std::lower_bound(
            applied_.begin(), applied_.end(), number,
            [](const Applied& one, std::uint64_t wanted) { return one.number < wanted; });
        return place == applied_.end() || place->number != number ? nullptr : &*place;
    }

    [[nodiscard]] std::span<const Version> versions_of(const Applied& applied) const noexcept {
        return std::span(versions_).subspan(applied.first_version, applied.changes);
    }

    /// What became of a request that the former broker has taken out of the lane.
    [[nodiscard]] Fate fate_of(std::uint64_t number) const noexcept {
        if (find(number) != nullptr) return Fate::applied;
        const bool is_after_known = !applied_.empty() && applied_.front().number < number;
        return is_after_known || is_complete_ ? Fate::not_applied : Fate::unknown;
    }

    /// Whether it is not to be carried out now: it, or a later one of the lane, was applied, or it
    /// was begun and the ring cannot tell.
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
