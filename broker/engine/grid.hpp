#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "broker/engine/command.hpp"
#include "broker/store/stored_record.hpp"
#include "shm/base/errc.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// A pin held by a session, as read from the memory of that session.
struct HeldPin {
    std::uint32_t session_index = 0;  ///< index of the SessionEntry
    std::uint32_t slot = 0;           ///< distinguishes the pins of one session
    Revision revision = 0;
    std::uint64_t lease_ms = 0;  ///< 0 = default; already limited to `limits::pin_lease_ms_max`
    /// `absent_session` and `store`: what the pin protects is unknown, so `revision` is 0. An
    /// absent session has not reconnected since a take-over. `store` is the broker's own pin.
    enum class Owner { session, absent_session, store };
    Owner owner = Owner::session;
};

/// Services that the process provides to the grid. The engine itself makes no system call.
struct GridHost {
    /// Backs a part of the segment with memory. Returns false if the host has no memory left.
    std::function<bool(Offset, std::uint64_t)> commit_memory;
    /// Orders stores of all readers with the stores of this process: membarrier and a fence.
    std::function<void()> heavy_fence;
    /// Appends all pins that are set in the memory of any session.
    std::function<void(std::vector<HeldPin>&)> collect_pins;
    /// The store's position in the change ring: entries from there on are retained. Null without a
    /// store.
    const std::atomic<Position>* kept_from = nullptr;
};

struct GridOptions {
    /// Maximum number of changes that the ring retains; 0 = ring capacity.
    std::uint64_t retain_entries = 0;
    /// Maximum bytes of replaced versions retained for older revisions; 0 = 1/16 of the heap.
    std::uint64_t retain_bytes = 0;
    /// Maximum bytes of the broker's private memory for the lists of replaced blocks and of expiry
    /// times; expiry times can use half of it. 0 = `limits::bookkeeping_bytes_default`, or 1/16 of
    /// the segment if that is more. If the lists exceed it, pins that hold replaced blocks are
    /// revoked, then the history in the ring is dropped.
    std::uint64_t bookkeeping_bytes = 0;
};

/// The reason a commit was refused, and the index of the command at fault.
struct Refusal {
    Error error;
    std::size_t command = 0;
};

class Survey;

/// The records, the index, the change ring and the memory of one grid. Everything that commits
/// change forms a deterministic state machine: the same commands and clock readings give the same
/// state.
///
/// A turn: `begin_turn`, any number of `commit` and `expire_due`, `publish`, optionally `reclaim`.
/// Thread safety: none, the engine thread only.
class Grid {
public:
    /// Starts empty on a new segment. On a segment with a former broker, `take_over` must follow.
    Grid(const shm::SegmentView& segment, GridHost host, GridOptions options);
    ~Grid();
    Grid(Grid&&) noexcept;
    Grid& operator=(Grid&&) noexcept;

    /// Sets the clock of this turn, in Unix time.
    void begin_turn(std::uint64_t now_ns) noexcept;

    /// Applies all commands at one new revision, or none of them. `publish` makes the revision
    /// visible. Sets `versions` to the new version of each command's record.
    boost::system::result<Revision, Refusal> commit(std::span<const Command> commands,
                                                    const Origin& origin,
                                                    std::vector<Version>& versions);

    /// Steps that the last commit took for its patches and for dividing documents into pages, even
    /// if it was refused; see PatchBudget.
    [[nodiscard]] std::uint64_t patch_steps() const noexcept;

    /// Returns whether a commit might have to wait until the store has consumed changes of the
    /// ring.
    [[nodiscard]] bool must_wait_for_store() const noexcept;

    /// Returns whether changes that the store has not consumed hold memory. If so, a commit refused
    /// for lack of memory can be retried.
    [[nodiscard]] bool store_holds_memory() const noexcept;

    /// Recovers the segment of a dead broker from the result of `survey`: discards unpublished
    /// versions and rebuilds the free lists. The grid then has a new revision, one after the last
    /// published one. Unreachable memory that readers might still use stays in quarantine until all
    /// pins are at that revision or later.
    /// REQUIRES: the segment had a broker before.
    /// Error: grid_full (no memory to repair the index; nothing has been published).
    Result<void> take_over(Survey&& survey);

    /// Bytes still in quarantine after a take-over.
    [[nodiscard]] std::uint64_t bytes_in_quarantine() const noexcept;

    /// Restores a record in its former state. No change is added to the ring.
    /// REQUIRES: nothing was committed yet; the name is new.
    /// Errors: grid_full, records_limit. The limit on expiry times does not apply.
    Result<void> restore(const StoredRecord& record);

    /// Ends the restore: sets the grid to this revision. Earlier revisions are not readable.
    void finish_restore(Revision revision) noexcept;

    /// Removes at most `limit` records whose time to live ran out, each in a separate commit.
    void expire_due(std::size_t limit);

    /// Time of the next expiry, in Unix ms; the largest value if no record expires.
    [[nodiscard]] std::uint64_t next_expiry_ms() const noexcept;

    /// Makes this turn's commits visible. Returns the subjects of the changes, for waking watchers
    /// (see `name_bit`, `first_level_bit`); 0 if there was nothing to publish.
    std::uint32_t publish() noexcept;

    /// Frees memory that no reader can need any longer, and revokes pins that hold memory beyond
    /// their lease. The engine calls it every few turns and when idle; cheap if there is nothing to
    /// free.
    void reclaim();

    /// Publishes, drops all changes up to the published revision from the ring, then reclaims
    /// memory. The next `publish` still returns the subjects for waking watchers.
    void compact();

    /// Returns whether another secondary index can be defined.
    [[nodiscard]] bool has_room_for_index() const noexcept;

    /// Does a bounded part of building and dismantling indexes. Returns false if no index needs
    /// work.
    bool turn_indexes();
    [[nodiscard]] bool has_index_work() const noexcept;

    /// Returns whether a record of that name exists as of the last commit.
    [[nodiscard]] bool has(std::string_view name) const;

    /// Sets the observer of record creation and removal. It is called with the name of each such
    /// record before the commit's revision is visible.
    void on_existence(std::function<void(std::string_view name, bool is_there)> observe);

    /// Updates the counters in the segment's header.
    void store_counters() noexcept;

    [[nodiscard]] Revision published() const noexcept;
    /// Number of commits since the grid began, over all its brokers.
    [[nodiscard]] std::uint64_t commits() const noexcept;
    [[nodiscard]] std::uint64_t changes_max() const noexcept;  ///< maximum for one commit

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside::broker
