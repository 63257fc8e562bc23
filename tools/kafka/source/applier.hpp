#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tools/kafka/source/batch_writer.hpp"
#include "tools/kafka/source/committer.hpp"
#include "tools/kafka/source/counters.hpp"
#include "tools/kafka/source/partition_feed.hpp"
#include "tools/kafka/source/refusal.hpp"

namespace ringside::kafka {

struct ApplierOptions {
    std::size_t batch_messages = 500;      ///< most messages of one transaction
    std::size_t batch_bytes = 1ULL << 20;  ///< of their keys and values; one message may have more
    Grade grade = Grade::applied;
    std::size_t under_way_bytes_max = 8ULL << 20;  ///< of messages that are not answered yet
    std::size_t under_way_batches_max = 64;
};

/// Applies the messages of partitions to the grid, each exactly once, whatever ends in between.
///
/// Protocol
///  A1  Each partition has one record in the grid, its position: the offset of the next message to
///      apply. Nothing else is remembered anywhere; who takes a partition over begins there.
///  A2  A batch is consecutive messages of one partition. It is one transaction: the writes of its
///      messages in order, and the step of the position from the offset where the batch begins to
///      the one where it ends. The step holds only where the position is exactly where the batch
///      begins (a `test` in a JSON Patch; for the first, that there is no record).
///  A3  Batches are sent without waiting for each. When one fails, the position stays, and those
///      of its partition behind it fail by A2: nothing is applied out of order.
///  A4  A message that cannot be mapped or that the grid refuses for what it is is refused: put
///      down (`Refusals`), which is settled before the position steps over it.
///  A5  After a failure everything under way is waited for, and the position is read again:
///      - it is where it was: nothing happened;
///      - it is further on: up to there it happened, here or in another process, and what is below
///        is dropped;
///      - it is further back: the grid was begun anew; messages are asked for from there again.
///      What is left is applied again in smaller transactions, until the message that is to blame
///      stands alone and A4 is for it. Where the grid is to blame, nothing happens for a while.
///
/// Invariant: writes of a message and the step over it are visible together, and the step over it
/// happens once. It rests on A2 alone: a process that was stopped for hours and then sends a batch
/// that others have applied long since changes nothing, whoever the partition belongs to.
///
/// Thread safety: one thread, the same for ever.
class Applier {
public:
    /// Has the messages of a partition come from its `applied` on, or from where it starts when
    /// there is none; nothing from before may come after it has returned.
    using Reposition = std::function<Result<void>(const PartitionFeed& feed)>;

    Applier(Client& client, const ApplierOptions& options, Refusals& refusals, Counters& counters,
            Reposition reposition);
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;
    ~Applier() = default;

    /// Takes a partition up. Its position is read; where that fails, the partition is disturbed
    /// from the beginning, and the reason is given by `recover`.
    FeedPointer open(std::string topic, std::int32_t partition, std::string position_name,
                     Mapper& mapper, bool needs_headers);
    /// Lets a partition go, and what of it is not sent yet.
    void close(const FeedPointer& feed);

    /// Takes the next message of a partition. What is full is sent; whatever fails shows in
    /// `is_disturbed`.
    void take(const FeedPointer& feed, KeptMessage message);
    /// That the end of a partition was met at this offset: all below it have been taken.
    void meet_end(const FeedPointer& feed, std::int64_t offset);
    /// Sets a partition back, or forward, to where it begins now: what was there has expired, or
    /// its topic is another one. The position is moved first, so that whatever ends in between, it
    /// is nobody's to skip what is read from here on. Errors: those of the grid; the partition is
    /// disturbed then. REQUIRES: nothing is under way, and the partition is not disturbed.
    Result<void> reset(const FeedPointer& feed, std::int64_t to);
    /// Sends what is taken and not sent yet.
    void submit();
    /// Takes the grid's answers that are there. Errors: those of `Committer::poll`.
    Result<void> poll();
    /// Looks whether somebody else has moved the positions of partitions of which nothing is under
    /// way: they are disturbed then. Costs a read of each.
    void compare_positions();
    /// Whether as much is under way as may be.
    [[nodiscard]] bool is_full() const noexcept;
    /// Transactions that are not answered yet.
    [[nodiscard]] std::size_t pending() const noexcept { return committer_.pending(); }
    /// Messages that were taken and are not done with.
    [[nodiscard]] std::size_t messages_under_way() const noexcept;
    /// Sends what is taken, and waits for all answers. Errors: those of `Committer::drain`.
    Result<void> finish();

    [[nodiscard]] bool is_disturbed() const noexcept { return is_disturbed_; }
    /// Gets disturbed partitions going again (A5). Error: why that is not possible just now, or,
    /// where `failure` is there, ever.
    Result<void> recover();

    /// Why nothing is to be applied any more: a message that must not be left out.
    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

    [[nodiscard]] const std::vector<FeedPointer>& feeds() const noexcept { return feeds_; }
    [[nodiscard]] Committer& committer() noexcept { return committer_; }

private:
    struct Batch {
        FeedPointer feed;
        std::optional<std::int64_t> from;
        std::int64_t to = 0;
        std::vector<KeptMessage> messages;
        std::size_t bytes = 0;
        std::vector<std::size_t> refused;  ///< of the messages, those that are not settled yet
        Counters done;                     ///< what is done when it is applied
    };

    void begin(const FeedPointer& feed);
    void add(KeptMessage message);
    void step_to_end(const FeedPointer& feed);
    Result<void> send(const std::shared_ptr<Batch>& batch);
    void answered(Batch& batch, const Result<WriteResult>& answer);
    void disturb(Batch& batch, const Error& why);
    Result<void> refuse(const PartitionFeed& feed, const KeptMessage& message, const Error& why);

    // A5, of one partition.
    Result<bool> locate(const FeedPointer& feed);
    Result<void> redo(const FeedPointer& feed);
    [[nodiscard]] std::size_t next_count(const PartitionFeed& feed) const;
    Result<void> redo_some(PartitionFeed& feed, std::size_t count, const MissingNames* missing);
    bool learn_missing(PartitionFeed& feed, const std::string& name,
                       std::optional<MissingNames>& missing);
    Result<void> redo_without(PartitionFeed& feed, const Error& why);
    Result<Counters> write_some(PartitionFeed& feed, std::size_t count,
                                const MissingNames* missing);
    Result<void> commit_now(const Transaction& transaction);
    void account(const Counters& done) noexcept;

    Client* client_;
    ApplierOptions options_;
    Refusals* refusals_;
    Counters* counters_;
    Reposition reposition_;
    BatchWriter writer_;
    std::vector<FeedPointer> feeds_;
    Batch open_;
    std::size_t under_way_bytes_ = 0;
    std::size_t under_way_batches_ = 0;
    std::size_t under_way_messages_ = 0;
    bool is_disturbed_ = false;
    std::optional<Error> failure_;
    std::optional<Result<void>> answer_;  ///< to `commit_now`
    Committer committer_;                 ///< last: its answers come here
};

}  // namespace ringside::kafka
