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

/// A pin that some session holds, as read from its memory.
struct HeldPin {
    std::uint32_t session_index = 0;  ///< of its SessionEntry
    std::uint32_t slot = 0;           ///< tells the pins of one session apart
    Revision revision = 0;
    std::uint64_t lease_ms = 0;  ///< 0 = default; already cut to `limits::pin_lease_ms_max`
    /// What the pin is for is not known: of a session that has not come back since a take-over, or
    /// the broker's own. `revision` is 0.
    enum class Owner { session, absent_session, store };
    Owner owner = Owner::session;
};

/// What the grid asks of the process around it. The engine itself makes no system call.
struct GridHost {
    /// Backs a part of the segment with memory; false when the host has none.
    std::function<bool(Offset, std::uint64_t)> commit_memory;
    /// Makes every reader's earlier stores visible, and ours to them: membarrier and a fence.
    std::function<void()> heavy_fence;
    /// Appends all pins that are set in the memory of all sessions.
    std::function<void(std::vector<HeldPin>&)> collect_pins;
    /// The store's place in the change ring: entries from there on are kept for it. Null: no store.
    const std::atomic<Position>* kept_from = nullptr;
};

struct GridOptions {
    /// How many changes the ring keeps at the most; 0 = all that fit.
    std::uint64_t retain_entries = 0;
    /// How many bytes of replaced versions are kept for old revisions; 0 = 1/16 of the heap.
    std::uint64_t retain_bytes = 0;
};

/// Why a commit did not happen, and because of which of its commands.
struct Refusal {
    Error error;
    std::size_t command = 0;
};

class Survey;

/// The records, the index, the change ring and the memory of one grid: everything that commits
/// change, as a deterministic state machine. Same commands and clock readings, same state.
///
/// A turn: `begin_turn`, any number of `commit` and `expire_due`, `publish`, perhaps `reclaim`.
/// Thread safety: none, the engine thread only.
class Grid {
public:
    /// Of a new segment: begins empty. Of one that had a broker: is to be taken over.
    Grid(const shm::SegmentView& segment, GridHost host, GridOptions options);
    ~Grid();
    Grid(Grid&&) noexcept;
    Grid& operator=(Grid&&) noexcept;

    /// Sets the clock of this turn: Unix time.
    void begin_turn(std::uint64_t now_ns) noexcept;

    /// Applies all commands at one new revision, or none of them. Readers see it after `publish`.
    /// `versions` becomes the version of each command's record.
    boost::system::result<Revision, Refusal> commit(std::span<const Command> commands,
                                                    const Origin& origin,
                                                    std::vector<Version>& versions);

    /// What the patches of the last commit took, also of one that was refused: see PatchBudget.
    [[nodiscard]] std::uint64_t patch_steps() const noexcept;

    /// Whether a commit may have to wait until the store has taken changes out of the ring.
    [[nodiscard]] bool must_wait_for_store() const noexcept;

    /// Whether memory is held by changes that the store has not taken yet: a commit that was
    /// refused for lack of it may be tried again.
    [[nodiscard]] bool store_holds_memory() const noexcept;

    /// Goes on with what a dead broker has left in the segment, as `survey` found it: forgets what
    /// was not published, knows again what is free and what has to be kept. The grid is at a
    /// revision of its own afterwards, one after the last; memory that readers may still be in
    /// stays out of use until all pins are at that revision or later.
    /// REQUIRES: the segment had a broker before. Error: grid_full (no memory to mend the index;
    /// nothing has been published).
    Result<void> take_over(Survey&& survey);

    /// Memory that a take-over keeps out of use still.
    [[nodiscard]] std::uint64_t bytes_in_quarantine() const noexcept;

    /// Puts a record into the grid as it was before, without a change that tells of it.
    /// REQUIRES: nothing was committed yet; the name is new. Errors: grid_full, records_limit.
    Result<void> restore(const StoredRecord& record);

    /// Ends restoring: the grid is at this revision, and knows nothing of those before.
    void finish_restore(Revision revision) noexcept;

    /// Removes records whose time to live ran out, at most `limit`, each in a commit of its own.
    void expire_due(std::size_t limit);

    /// When the next record expires, Unix ms; the largest value if none does.
    [[nodiscard]] std::uint64_t next_expiry_ms() const noexcept;

    /// Makes this turn's commits visible. Gives the subjects of the changes for waking watchers
    /// (see `name_bit`, `first_level_bit`); 0 when there was nothing to publish.
    std::uint32_t publish() noexcept;

    /// Frees what no reader can need any more, and revokes pins whose lease ran out and that keep
    /// memory back. Called by the engine every few turns and when idle; cheap when there is
    /// nothing.
    void reclaim();

    /// Publishes, forgets all changes up to the published revision, then reclaims. The subjects for
    /// waking watchers are still given by the next `publish`.
    void compact();

    /// Whether one more secondary index may be defined.
    [[nodiscard]] bool has_room_for_index() const noexcept;

    /// Goes on for a while with indexes that are being built or taken apart. False: none is.
    bool turn_indexes();
    [[nodiscard]] bool has_index_work() const noexcept;

    /// Whether there is a record of that name, as of the last commit.
    [[nodiscard]] bool has(std::string_view name) const;

    /// Called with the name of each record that a commit has made or removed, before its revision
    /// is visible.
    void on_existence(std::function<void(std::string_view name, bool is_there)> observe);

    /// Updates the counters in the segment's header.
    void store_counters() noexcept;

    [[nodiscard]] Revision published() const noexcept;
    [[nodiscard]] std::uint64_t changes_max() const noexcept;  ///< that one commit may have

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside::broker
