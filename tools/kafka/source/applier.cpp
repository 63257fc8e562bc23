#include "tools/kafka/source/applier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringside::kafka {

Applier::Applier(Client& client, const ApplierOptions& options, Refusals& refusals,
                 Counters& counters, Reposition reposition)
    : client_(&client),
      options_(options),
      refusals_(&refusals),
      counters_(&counters),
      reposition_(std::move(reposition)),
      writer_(client),
      committer_(client, [this] {
          // The grid was recreated: the place of every partition is unknown.
          for (const FeedPointer& feed : feeds_) feed->is_disturbed = true;
          is_disturbed_ = is_disturbed_ || !feeds_.empty();
      }) {}

FeedPointer Applier::open(std::string topic, std::int32_t partition, std::string position_name,
                          Mapper& mapper, bool needs_headers) {
    auto feed = std::make_shared<PartitionFeed>();
    feed->topic = std::move(topic);
    feed->partition = partition;
    feed->position_name = std::move(position_name);
    feed->mapper = &mapper;
    feed->needs_headers = needs_headers;
    feed->redo_step = feed->batch_messages = options_.batch_messages;
    const auto position = read_position(*client_, feed->position_name);
    if (position) {
        feed->begin_at(*position);
        feed->is_located = true;
    } else {
        feed->is_disturbed = is_disturbed_ = true;
    }
    feeds_.push_back(feed);
    return feed;
}

void Applier::close(const FeedPointer& feed) {
    if (open_.feed == feed) open_ = {};
    refusals_->forget(feed->topic, feed->partition);
    feed->is_closed = true;
    feed->redo.clear();
    std::erase(feeds_, feed);
}

void Applier::begin(const FeedPointer& feed) {
    writer_.clear();
    open_.feed = feed;
    open_.from = feed->base;
    open_.to = feed->position_at(feed->next);
    open_.messages.reserve(feed->batch_messages);
}

void Applier::take(const FeedPointer& feed, KeptMessage message) {
    if (message.offset() < feed->next) {
        ++counters_->duplicates;
        return;
    }
    if (open_.feed != feed) submit();
    if (feed->is_disturbed) {
        feed->next = message.offset() + 1;
        feed->redo.push_back(std::move(message));
        return;
    }
    if (failure_) return;
    if (open_.feed == nullptr) begin(feed);
    add(std::move(message));
}

void Applier::add(KeptMessage message) {
    PartitionFeed& feed = *open_.feed;
    const MessageView view = writer_.view(feed, message);
    const auto writes = message.is_refused() ? Result<std::size_t>(0) : writer_.add(feed, view);
    if (message.is_refused()) {
        ++open_.done.dead_letters;
    } else if (!writes) {
        if (!refuse(feed, message, writes.error())) return submit();
        open_.refused.push_back(open_.messages.size());
        ++open_.done.dead_letters;
    } else {
        open_.done.writes += *writes;
        if (*writes == 0) ++open_.done.filtered;
    }
    ++open_.done.messages;
    open_.bytes += bytes_of(view);
    open_.to.offset = feed.next = message.offset() + 1;
    open_.messages.push_back(std::move(message));
    if (open_.messages.size() >= feed.batch_messages || open_.bytes >= options_.batch_bytes) {
        submit();
    }
}

void Applier::meet_end(const FeedPointer& feed, std::int64_t offset) {
    feed->has_met_end = true;
    feed->end = offset;
    if (!feed->is_disturbed) step_to_end(feed);
}

/// The last offsets of a partition might not be messages: compacted messages, and the markers of
/// Kafka's transactions. For a partition without messages, this creates its position.
void Applier::step_to_end(const FeedPointer& feed) {
    if (!feed->has_met_end || (feed->base && feed->end <= feed->next)) return;
    if (open_.feed != feed) submit();
    if (feed->is_disturbed || failure_) return;
    if (open_.feed == nullptr) begin(feed);
    open_.to.offset = feed->next = std::max(feed->next, feed->end);
    submit();
}

Result<void> Applier::refuse(const PartitionFeed& feed, const KeptMessage& message,
                             const Error& why) {
    const MessageView view = refusals_->needs_headers() ? writer_.whole(message) : message.view();
    auto refused = refusals_->refuse(view, why);
    if (!refused && !failure_) {
        failure_ = Error(refused.error().code,
                         fmt::format("{} [{}] offset {}: {}", feed.topic, feed.partition,
                                     message.offset(), refused.error().detail));
    }
    return refused;
}

void Applier::submit() {
    if (open_.feed == nullptr) return;
    const auto batch = std::make_shared<Batch>(std::exchange(open_, {}));
    const bool is_step = !batch->from || batch->from->offset != batch->to.offset;
    if (batch->messages.empty() && !is_step) return;
    batch->feed->base = batch->to;
    if (auto sent = send(batch); !sent) disturb(*batch, sent.error());
    static_cast<void>(committer_.poll());  // a missing answer shows in the next call
}

Result<void> Applier::send(const std::shared_ptr<Batch>& batch) {
    if (!batch->refused.empty()) {
        if (auto settled = refusals_->settle(); !settled) return settled;
        for (const std::size_t i : batch->refused) batch->messages[i].mark_refused();
    }
    under_way_bytes_ += batch->bytes;
    under_way_messages_ += batch->messages.size();
    ++under_way_batches_;
    auto sent = committer_.send(
        writer_.finish(*batch->feed, batch->from, batch->to, options_.grade),
        [this, batch](const Result<WriteResult>& answer) { answered(*batch, answer); });
    if (sent) return sent;
    under_way_bytes_ -= batch->bytes;
    under_way_messages_ -= batch->messages.size();
    --under_way_batches_;
    return sent;
}

void Applier::answered(Batch& batch, const Result<WriteResult>& answer) {
    under_way_bytes_ -= batch.bytes;
    under_way_messages_ -= batch.messages.size();
    --under_way_batches_;
    if (!answer) return disturb(batch, answer.error());
    batch.feed->applied = batch.to;
    batch.feed->batch_messages = std::min(batch.feed->batch_messages + 1, options_.batch_messages);
    account(batch.done);
}

void Applier::disturb(Batch& batch, const Error& why) {
    PartitionFeed& feed = *batch.feed;
    if (feed.is_closed) return;
    const std::size_t count = batch.messages.size();
    if (!feed.is_disturbed) {
        ++counters_->retries;
        feed.redo_step = std::max<std::size_t>(1, count / 2);
        if (is_too_much(why.code) && count > 1) {
            feed.batch_messages = std::min(feed.batch_messages, count / 2);
        }
    }
    feed.is_disturbed = is_disturbed_ = true;
    std::move(batch.messages.begin(), batch.messages.end(), std::back_inserter(feed.redo));
}

void Applier::account(const Counters& done) noexcept {
    ++counters_->commits;
    counters_->messages += done.messages;
    counters_->writes += done.writes;
    counters_->filtered += done.filtered;
    counters_->dead_letters += done.dead_letters;
}

Result<void> Applier::poll() { return committer_.poll(); }

void Applier::compare_positions() {
    for (const FeedPointer& feed : feeds_) {
        if (feed->is_disturbed || feed->base != feed->applied || open_.feed == feed) continue;
        const auto position = read_position(*client_, feed->position_name);
        if (!position || *position != feed->applied) feed->is_disturbed = is_disturbed_ = true;
    }
}

bool Applier::is_full() const noexcept {
    return under_way_bytes_ >= options_.under_way_bytes_max ||
           under_way_batches_ >= options_.under_way_batches_max;
}

std::size_t Applier::messages_under_way() const noexcept {
    std::size_t messages = under_way_messages_ + open_.messages.size();
    for (const FeedPointer& feed : feeds_) messages += feed->redo.size();
    return messages;
}

Result<void> Applier::finish() {
    submit();
    return committer_.drain();
}

}  // namespace ringside::kafka
