#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/client.hpp"

/// The writes that restore records to their state at an earlier revision.
namespace ringside::tools {

/// The change of one record.
struct UndoStep {
    std::string name;
    RecordHandle before{};   ///< in the older snapshot; not used for a removal
    bool removes = false;    ///< the record did not exist then
    Revision looked_at = 0;  ///< of its newest version in the newer snapshot; 0: it does not exist

    /// The condition that the record has not changed since the newer snapshot.
    [[nodiscard]] Condition unchanged() const {
        return looked_at == 0 ? Condition::is_absent() : Condition::revision_is(looked_at);
    }
};

/// Selects the changed records to restore.
struct UndoSelection {
    std::string pattern;
    std::optional<SessionId> session;  ///< only records that no other session has changed since
};

struct UndoPlan {
    std::vector<UndoStep> steps;         ///< in order of names
    std::vector<std::string> of_others;  ///< changed by the session and by others: not in `steps`
};

/// Compares two snapshots. A record whose content and time to live are the same needs no step. One
/// whose time to live has ended since counts as deleted.
/// Throws ringside::Exception: bad_pattern, snapshot_expired, those of `Client::watch` (session).
[[nodiscard]] UndoPlan make_undo_plan(const Client& client, const Snapshot& before,
                                      const Snapshot& now, const UndoSelection& selection,
                                      std::chrono::system_clock::time_point clock);

}  // namespace ringside::tools
