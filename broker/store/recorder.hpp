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

/// How the store of a grid is kept.
struct RecorderOptions {
    Store::Options store;
    DurabilityPolicy policy = DurabilityPolicy::periodic;
    std::chrono::milliseconds interval{10};  ///< of `periodic`
    /// Once nothing has succeeded for a while, it is tried again this often.
    std::chrono::milliseconds retry{500};
    /// How long the thread sleeps at most while there is nothing to write.
    std::chrono::milliseconds idle{500};
};

/// The grid's watcher that writes all changes to the store: a thread that follows the change ring,
/// folds the changes of each record, and writes them in batches that end with whole revisions.
///
/// Its cursor is `Durability::kept_from`: the engine keeps ring entries from there on, so it cannot
/// be lapped, and the versions that they lead to stay. Where it begins, the store says: with the
/// revision after its own. A ring that does not reach back so far (the grid was in memory only, had
/// another store, or the store has lost its latest changes) is no loss: then the store is written
/// anew, from all records at one revision, and `durable` stays where it was until that is done.
/// The cursor moves only after a batch is
/// written, and synced unless the policy is `none`: when the store fails, it is opened again and
/// everything after the cursor is written once more, which changes nothing if it was there.
///
/// Sleeping: `sleep_` says how. The engine's thread calls `notice` after it has published and looks
/// at that word; both sides put a seq_cst fence between their store and their load.
class Recorder {
public:
    /// `store`: open already, or none: then it is opened by the thread, while the grid is served.
    /// `on_progress` is called by the thread when `durable` has moved or the store fails or works
    /// again.
    Recorder(const shm::SegmentView& segment, RecorderOptions options, std::optional<Store> store,
             Durability& durability, std::function<void()> on_progress);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Begins with the first change that the store does not have. REQUIRES: no change was made yet
    /// since the grid was filled from the store, or taken over.
    void start();

    /// Writes what there is, syncs it, and ends. False: the store fails, and changes are missing.
    bool stop();

    /// Something was published, or somebody waits for a revision to be durable. Any thread.
    void notice() noexcept;

private:
    enum Sleep : std::uint32_t {
        awake = 0,
        until_change = 1,  ///< nothing is to be done
        until_time = 2,    ///< changes gather; only what is urgent wakes it
    };
    /// A record that a batch changes.
    struct Item {
        Offset version = 0;
        std::uint32_t record = 0;
    };

    void run();
    void rest();
    [[nodiscard]] bool is_urgent() const noexcept;
    [[nodiscard]] bool has_changes() const noexcept;
    Result<void> record_batch();
    /// Collects the entries of the next batch, up to a revision; the position after it.
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
    /// All changes of later revisions are in the ring, from the cursor on.
    Revision in_ring_after_ = 0;
    std::vector<Item> items_;
    Revision gathered_ = 0;  ///< revision of the last entry in `items_`
    /// The batch in which each record was met last.
    std::vector<std::uint32_t> met_;
    std::uint32_t batch_ = 0;
    DocumentBuilder whole_;  ///< where documents of several pages become one
    std::chrono::steady_clock::time_point began_;
    shm::HalfWord sleep_ = awake;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
