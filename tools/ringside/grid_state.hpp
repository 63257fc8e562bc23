#pragma once

#include <string>

#include "shm/base/limits.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/report.hpp"

namespace ringside::tools {

/// Returns whether the broker that owns the segment is alive.
[[nodiscard]] bool has_broker(const shm::Segment& segment);

/// A session's pid for people: "-" for a process in another PID namespace than the broker's, for
/// which the kernel reports 0.
[[nodiscard]] Report::Cell pid_cell(std::uint64_t pid);

/// Returns the name of the role with this number in a session's entry.
[[nodiscard]] const char* role_name(std::uint64_t role) noexcept;

/// Calls `each(id, entry)` for the segment's entry of every open session.
template <class Each>
void for_each_session(const shm::SegmentView& segment, Each each) {
    for (std::size_t i = 0; i < limits::sessions_max; ++i) {
        const shm::SessionEntry& entry = segment.session(i);
        // SYNC session-entry: pairs with Engine::open; the rest of the entry is visible.
        const SessionId id = entry.id.load(std::memory_order_acquire);
        if (id != 0) each(id, entry);
    }
}

}  // namespace ringside::tools
