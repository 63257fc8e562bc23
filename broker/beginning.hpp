#pragma once

#include <optional>
#include <string>

#include "broker/config/options.hpp"
#include "broker/engine/survey.hpp"
#include "broker/store/store.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// The state from which a broker starts: a claimed segment, and how to fill it.
///
/// The segment of a former broker is taken over if it is intact and the store in `--data` can
/// follow it:
///
///   store in --data              segment was followed by    result
///   none                         any store, or none         taken over; its store id is kept
///   new, empty or incomplete     none                       taken over; the store is rewritten
///   the one that followed it     that store                 taken over, even if brokers without
///                                                           --data ran in between
///   another one, with records    none, or another store     set aside; the grid is loaded from the
///                                                           store
///
/// A segment that fails its checks is set aside as well. Nothing is set aside before the store is
/// open and everything that replaces the segment exists. If the store cannot be opened, the start
/// fails and the segment stays unchanged.
struct Beginning {
    shm::Segment segment;
    std::optional<Survey> left;  ///< survey of a former broker's segment; none: it is new
    std::optional<Store> store;  ///< open, if a new segment is filled from it
    bool leaves_segment = false;

    std::optional<shm::Segment> replaced;  ///< the segment that the new one has replaced
    std::string replaced_aside;            ///< its new path; empty: nothing was set aside
    std::string segment_path;

    /// Notifies the readers of the segment that was set aside that it is abandoned. Called after
    /// the new one serves.
    void give_up_replaced() noexcept;

    /// Restores the name of the segment that was set aside, unless it was abandoned.
    /// REQUIRES: the new segment's name is free.
    void restore_replaced() noexcept;
};

/// Errors: grid_in_use, foreign_grid (files that belong to another user), those of the store and of
/// the segment, system_error.
Result<Beginning> begin(const Options& options, const shm::GridPaths& paths);

}  // namespace ringside::broker
