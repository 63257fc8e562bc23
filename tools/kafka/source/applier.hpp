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
    std::size_t batch_messages = 500;      ///< maximum number of messages per transaction
    std::size_t batch_bytes = 1ULL << 20;  ///< of keys and values; a single message may exceed it
    Grade grade = Grade::applied;
    std::size_t under_way_bytes_max = 8ULL << 20;  ///< of messages without an answer
    std::size_t under_way_batches_max = 64;
};

/// Applies the messages of partitions to the grid, each exactly once, whichever process dies.
///
/// Protocol
///  A1  Each partition has one record in the grid, its position: the offset of the next message to
///      apply, and the run that the offset belongs to. The run is a random number, drawn when the
///      record is created, and again by `reset`. A step over a record without a run gives it one.
///      No other state exists. A process that takes a partition over begins there.
///  A2  A batch is consecutive messages of one partition. Its transaction has the writes of its
///      messages in order, and one step, which moves the position from the beginning of the batch
///      to its end. The transaction is refused unless the record is exactly as it was at the
///      beginning of the batch, offset and run (a `test` of the whole document in a JSON Patch; for
///      the first batch, that there is no record).
///  A3  Batches are sent without waiting for each. When one fails, the position remains, and the
///      later batches of its partition fail by A2: nothing is applied out of order.
///  A4  A message that cannot be mapped, or that the grid refuses because of its content, is
///      refused: it is passed to `Refusals`. The position steps over it only after
///      `Refusals::settle` has confirmed that it is stored elsewhere (at least once) or omitted.
///  A5  After a failure, all answers under way are awaited, and the position is read again:
///      - unchanged: nothing was applied;
///      - advanced within the run: the messages below it were applied, here or in another process.
///        They are no longer pending here;
///      - anything else: the topic was replaced, the grid was recreated, or the position was set or
///        removed by an operator. Nothing is pending any longer. Messages are requested from the
///        position again.
///      The pending messages are applied again in smaller transactions, until the faulty message
///      stands alone and A4 applies. If the error does not concern a message (`verdict_of`),
///      `recover` returns it, and the caller tries again later.
///
/// Invariant: the writes of a message and the step over it are visible together. A2 alone ensures
/// that a process changes nothing if it was suspended for hours and then sends a batch that others
/// applied long ago, whichever process owns the partition. If the position was moved back to the
/// beginning of that batch, in its run, the batch is applied. This is right: its messages are the
/// next ones. If the topic was replaced, `reset` has drawn another run, and the batch is refused.
/// Exception: a missing record, or one without a run, looks the same for every topic. So sources
/// must end before an operator writes or removes the position of a replaced topic.
///
/// Thread safety: always the same thread.
class Applier {
public:
    /// Makes the messages of a partition continue at its `applied`, or where it starts if there is
    /// none. After it returns, no earlier message may arrive.
    using Reposition = std::function<Result<void>(const PartitionFeed& feed)>;

    Applier(Client& client, const ApplierOptions& options, Refusals& refusals, Counters& counters,
            Reposition reposition);
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;
    ~Applier() = default;

    /// Adds a partition and reads its position. If that fails, the partition is disturbed from the
    /// beginning, and `recover` returns the reason.
    FeedPointer open(std::string topic, std::int32_t partition, std::string position_name,
                     Mapper& mapper, bool needs_headers);
    /// Removes a partition, with everything that was not sent yet.
    void close(const FeedPointer& feed);

    /// Takes the next message of a partition. Sends full batches. Failures show in `is_disturbed`.
    void take(const FeedPointer& feed, KeptMessage message);
    /// The end of a partition was reached at this offset: all messages below it have been taken.
    void meet_end(const FeedPointer& feed, std::int64_t offset);
    /// Moves a partition to its new beginning, in a new run: the messages at its position have
    /// expired, or its topic was replaced. Moves the position in the grid before any message is
    /// read from there. For a replaced topic this order is necessary. Otherwise, if this process
    /// ended before its first batch, its successor would begin at the old position. If the new
    /// topic has grown beyond that position by then, the new messages below it would be skipped.
    /// Errors: those of the grid; the partition is disturbed then (it needs `recover`). REQUIRES:
    /// nothing is under way, and the partition is not disturbed.
    Result<void> reset(const FeedPointer& feed, std::int64_t to);
    /// Sends messages that were taken and not sent yet.
    void submit();
    /// Processes available answers of the grid. Errors: those of `Committer::poll`.
    Result<void> poll();
    /// Checks whether another process has moved the positions of partitions with nothing under way:
    /// these are disturbed then. Costs a read of each.
    void compare_positions();
    /// Returns whether the limit of messages under way is reached.
    [[nodiscard]] bool is_full() const noexcept;
    /// Transactions without an answer.
    [[nodiscard]] std::size_t pending() const noexcept { return committer_.pending(); }
    /// Messages that were taken and are not done.
    [[nodiscard]] std::size_t messages_under_way() const noexcept;
    /// Sends everything, and waits for all answers. Errors: those of `Committer::drain`.
    Result<void> finish();

    [[nodiscard]] bool is_disturbed() const noexcept { return is_disturbed_; }
    /// Restarts disturbed partitions (A5). Error: why that is not possible now or, if `failure` is
    /// set, never.
    Result<void> recover();

    /// Why nothing can be applied again: a message that must not be omitted.
    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

    [[nodiscard]] const std::vector<FeedPointer>& feeds() const noexcept { return feeds_; }
    [[nodiscard]] Committer& committer() noexcept { return committer_; }

private:
    struct Batch {
        FeedPointer feed;
        std::optional<SourcePosition> from;
        SourcePosition to;
        std::vector<KeptMessage> messages;
        std::size_t bytes = 0;
        std::vector<std::size_t> refused;  ///< indexes of messages that are not settled yet
        Counters done;                     ///< counted when it is applied
    };

    void begin(const FeedPointer& feed);
    void add(KeptMessage message);
    void step_to_end(const FeedPointer& feed);
    Result<void> send(const std::shared_ptr<Batch>& batch);
    void answered(Batch& batch, const Result<WriteResult>& answer);
    void disturb(Batch& batch, const Error& why);
    Result<void> refuse(const PartitionFeed& feed, const KeptMessage& message, const Error& why);

    // A5 for one partition.
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
    std::optional<Result<void>> answer_;  ///< for `commit_now`
    Committer committer_;                 ///< last: its answers arrive here
};

}  // namespace ringside::kafka
