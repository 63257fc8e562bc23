#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "broker/store/durability.hpp"
#include "broker/store/store.hpp"
#include "shm/document/builder.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Options of the thread that writes the store.
struct RecorderOptions {
    Store::Options store;
    DurabilityPolicy policy = DurabilityPolicy::periodic;
    std::chrono::milliseconds interval{10};  ///< of `periodic`
    /// Interval between retries after a failure.
    std::chrono::milliseconds retry{500};
    /// Maximum sleep of the thread while there is nothing to write.
    std::chrono::milliseconds idle{500};
};

/// Writes all changes of the grid to the store. A thread follows the change ring like a watcher,
/// folds the changes of each record, and writes them in batches that end with whole revisions.
///
/// Its cursor is `Durability::kept_from`. The engine retains ring entries from there on, and the
/// versions that they lead to, so that the thread cannot be lapped. The start position comes from
/// the store: the revision after its own. The ring might not reach back so far: the grid was in
/// memory only, had another store, or the store lost its latest changes. The thread then rewrites
/// the store with all records at one revision; `durable` is 0 until that is done.
///
/// The cursor advances only after a batch is written, and synced unless the policy is `none`. After
/// a failure, the store is reopened and everything after the cursor is written again. A repeated
/// write changes nothing.
///
/// Sleeping: `sleep_` holds the kind of sleep. The engine's thread calls `notice` after a
/// publication and reads that word. Both sides put a seq_cst fence between their store and their
/// load.
class Recorder {
public:
    /// `store`: an open store, or none; without one, the thread opens it while the grid is served.
    /// The thread calls `on_progress` when `durable` has advanced, the store has failed, or it
    /// works again.
    Recorder(const shm::SegmentView& segment, RecorderOptions options, std::optional<Store> store,
             Durability& durability, std::function<void()> on_progress);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Starts with the first change that the store does not have. REQUIRES: no change was made
    /// since the grid was filled from the store, or taken over.
    void start();

    /// Writes and syncs all changes, then stops. Returns false if the store fails and changes are
    /// missing.
    bool stop();

    /// Reports a publication, or a client that waits for durability. Any thread.
    void notice() noexcept;

private:
    enum Sleep : std::uint32_t {
        awake = 0,
        until_change = 1,  ///< there is nothing to do
        until_time = 2,    ///< changes accumulate; only urgent work wakes the thread
    };
    /// A record changed by a batch.
    struct Item {
        Offset version = 0;
        std::uint32_t record = 0;
    };

    void run();
    void rest();
    [[nodiscard]] bool is_urgent() const noexcept;
    [[nodiscard]] bool has_changes() const noexcept;
    Result<void> record_batch();
    /// Collects the entries of the next batch, up to a revision. Returns the position after them.
    Position gather(Revision published);
    void fold();
    void put(const shm::VersionBlock& block);
    Result<void> reopen();
    /// Finds the first change that the store does not have.
    Result<void> find_place();
    [[nodiscard]] std::optional<Position> find_missing() const;
    Result<void> write_everything();
    Result<void> write_records(Revision at);
    void fail(const Error& error);
    void show_durable(Revision revision) const noexcept;
    void show_failure(const std::string& reason) const noexcept;
    void sleep_for(Sleep how, std::chrono::nanoseconds time) noexcept;

    shm::SegmentView segment_;
    shm::ChangeRingReader ring_;
    RecorderOptions options_;
    std::optional<Store> store_;
    Durability* durability_;
    std::function<void()> on_progress_;

    Position cursor_ = 0;
    /// The ring holds all changes of later revisions, from the cursor on.
    Revision in_ring_after_ = 0;
    std::vector<Item> items_;
    Revision gathered_ = 0;  ///< revision of the last entry in `items_`
    /// The batch in which each record occurred last.
    std::vector<std::uint32_t> met_;
    std::uint32_t batch_ = 0;
    DocumentBuilder whole_;  ///< buffer for joining documents of several pages
    std::chrono::steady_clock::time_point began_;
    shm::HalfWord sleep_ = awake;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
