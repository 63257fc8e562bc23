#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// Points at which a test can kill a broker. Compiled only if RINGSIDE_CRASH_POINTS is defined
/// (`ringside-broker-crashing`, for tests/crash); otherwise `reach` does nothing.
///
/// Each point is named after the step that has just been done.
#define RINGSIDE_EACH_CRASH_POINT(POINT) \
    POINT(heap_span_taken)               \
    POINT(heap_block_taken)              \
    POINT(heap_run_taken)                \
    POINT(commit_page_written)           \
    POINT(commit_path_built)             \
    POINT(commit_block_built)            \
    POINT(commit_slot_linked)            \
    POINT(commit_table_linked)           \
    POINT(commit_new_slot_linked)        \
    POINT(commit_new_index_linked)       \
    POINT(commit_new_table_linked)       \
    POINT(commit_announced)              \
    POINT(commit_settled)                \
    POINT(commit_rolled_back_entries)    \
    POINT(commit_rolled_back)            \
    POINT(commit_expired)                \
    POINT(ring_entry_begun)              \
    POINT(ring_entry_written)            \
    POINT(ring_entry_stamped)            \
    POINT(ring_tail_moved)               \
    POINT(publish_begun)                 \
    POINT(publish_head_stored)           \
    POINT(publish_done)                  \
    POINT(lane_taken)                    \
    POINT(lane_answered)                 \
    POINT(lane_told)                     \
    POINT(lane_flushed)                  \
    POINT(table_copied)                  \
    POINT(table_exchanged)               \
    POINT(index_node_built)              \
    POINT(index_linked)                  \
    POINT(index_value_made)              \
    POINT(index_posting_made)            \
    POINT(reclaim_horizon_stored)        \
    POINT(reclaim_index_unlinked)        \
    POINT(reclaim_table_unlinked)        \
    POINT(reclaim_slot_freed)            \
    POINT(session_entry_written)         \
    POINT(session_opened)                \
    POINT(session_unlisted)              \
    POINT(session_closed)                \
    POINT(take_over_heap_adopted)        \
    POINT(take_over_records_adopted)     \
    POINT(take_over_unpublished_out)     \
    POINT(take_over_replaced_adopted)    \
    POINT(take_over_published)

namespace ringside {

enum class CrashPoint : std::uint8_t {
#define RINGSIDE_CRASH_POINT(name) name,
    RINGSIDE_EACH_CRASH_POINT(RINGSIDE_CRASH_POINT)
#undef RINGSIDE_CRASH_POINT
};

inline constexpr auto crash_point_names = std::to_array<std::string_view>({
#define RINGSIDE_CRASH_POINT(name) #name,
    RINGSIDE_EACH_CRASH_POINT(RINGSIDE_CRASH_POINT)
#undef RINGSIDE_CRASH_POINT
});

#ifdef RINGSIDE_CRASH_POINTS
/// Kills the process at the n-th pass of the point named in the environment:
/// RINGSIDE_CRASH_AT=name:n.
void reach(CrashPoint point);
#else
constexpr void reach(CrashPoint) noexcept {}
#endif

}  // namespace ringside
