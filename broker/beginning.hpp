#pragma once

#include <optional>
#include <string>

#include "broker/config/options.hpp"
#include "broker/engine/survey.hpp"
#include "broker/store/store.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// What a broker begins with: a segment that it has claimed, and how it is to be filled.
///
/// A segment that a former broker has left is taken over if it is whole and the store in `--data`
/// can follow it:
///
///   store in --data                  segment has been followed by    what happens
///   none                             any store, or none              taken over; its id is kept
///   new, empty or incomplete         none                            taken over, store is written
///   the one that has followed it                                     taken over, also after
///   brokers
///                                                                    without --data
///   another one, with records        none, or another store          set aside, grid from the
///   store
///
/// A segment that does not pass its checks is set aside as well. Nothing is set aside before the
/// store is open and everything that takes the segment's place exists: a store that cannot be
/// opened ends the start, and the segment stays as it was.
struct Beginning {
    shm::Segment segment;
    std::optional<Survey> left;  ///< of a segment of a former broker; none: the segment is new
    std::optional<Store> store;  ///< open, if a new segment is filled from it
    bool leaves_segment = false;

    std::optional<shm::Segment> replaced;  ///< the segment whose place the new one has taken
    std::string replaced_aside;            ///< its new path; empty: nothing was set aside
    std::string segment_path;

    /// Notifies the readers of the segment that was set aside that it is abandoned. Called once the new
    /// one serves.
    void give_up_replaced() noexcept;

    /// Puts the segment that was set aside back under its name, if it was not given up.
    /// REQUIRES: the new segment's name is free.
    void restore_replaced() noexcept;
};

/// Errors: grid_in_use, foreign_grid (files that belong to another user), those of the store and of
/// the segment, system_error.
Result<Beginning> begin(const Options& options, const shm::GridPaths& paths);

}  // namespace ringside::broker
