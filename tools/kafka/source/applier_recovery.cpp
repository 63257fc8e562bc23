// A5 of applier.hpp.

#include <algorithm>
#include <utility>

#include "tools/kafka/source/applier.hpp"

namespace ringside::kafka {

Result<void> Applier::recover() {
    if (auto finished = finish(); !finished) return finished;
    const std::vector<FeedPointer> feeds = feeds_;  // a lost session disturbs more of them
    for (const FeedPointer& feed : feeds) {
        if (!feed->is_disturbed) continue;
        if (auto redone = redo(feed); !redone) return redone;
    }
    is_disturbed_ = std::any_of(feeds_.begin(), feeds_.end(),
                                [](const FeedPointer& feed) { return feed->is_disturbed; });
    return {};
}

/// Finds the place of a partition, and drops messages that were applied. Returns whether the
/// position is unchanged.
Result<bool> Applier::locate(const FeedPointer& feed) {
    const auto position = read_position(*client_, feed->position_name);
    if (!position) return position.error();
    const bool was_known = std::exchange(feed->is_located, true);
    const bool is_where_it_was = was_known && feed->applied == *position;
    if (!is_where_it_was) refusals_->forget(feed->topic, feed->partition);
    if (!was_known || !(is_where_it_was || feed->has_advanced_to(*position))) {
        feed->redo.clear();
        feed->begin_at(*position);
        if (auto moved = reposition_(*feed); !moved) {
            feed->is_located = false;
            return moved.error();
        }
        return false;
    }
    feed->applied = feed->base = *position;
    const auto is_before = [](const KeptMessage& a, const KeptMessage& b) {
        return a.offset() < b.offset();
    };
    std::stable_sort(feed->redo.begin(), feed->redo.end(), is_before);
    if (is_where_it_was) return true;
    const std::int64_t offset = (*position)->offset;
    feed->next = std::max(feed->next, offset);
    while (!feed->redo.empty() && feed->redo.front().offset() < offset) feed->redo.pop_front();
    return false;
}

Result<void> Applier::reset(const FeedPointer& feed, std::int64_t to) {
    const SourcePosition beginning{to, draw_run()};
    writer_.clear();
    auto moved = commit_now(writer_.finish(*feed, feed->applied, beginning, options_.grade));
    if (!moved) {
        feed->is_disturbed = is_disturbed_ = true;
        return moved;
    }
    feed->begin_at(beginning);
    return {};
}

Result<void> Applier::redo(const FeedPointer& feed) {
    if (auto located = locate(feed); !located) return located.error();
    for (std::optional<MissingNames> missing; !feed->redo.empty();) {
        const std::size_t count = next_count(*feed);
        const auto done = redo_some(*feed, count, missing ? &*missing : nullptr);
        if (done) {
            missing.reset();
            feed->redo_step = std::min(2 * count, feed->batch_messages);
            continue;
        }
        const Error& why = done.error();
        if (failure_ || verdict_of(why.code) == Verdict::grid) return why;
        const auto is_where_it_was = locate(feed);
        if (!is_where_it_was) return is_where_it_was.error();
        if (!*is_where_it_was) {
            missing.reset();
            continue;
        }
        const bool is_of_position =
            why == Errc::permission_denied && why.detail == feed->position_name;
        if (is_of_position || verdict_of(why.code) == Verdict::position) return why;
        if (count > 1) {
            feed->redo_step = count / 2;
            if (is_too_much(why.code)) feed->batch_messages = count / 2;
        } else if (why != Errc::not_found || !learn_missing(*feed, why.detail, missing)) {
            if (auto refused = redo_without(*feed, why); !refused) return refused;
            missing.reset();
        }
    }
    feed->is_disturbed = false;
    step_to_end(feed);
    return {};
}

/// Returns how many messages the next transaction has, at least one.
std::size_t Applier::next_count(const PartitionFeed& feed) const {
    const std::size_t most = std::min({feed.redo_step, feed.redo.size(), feed.batch_messages});
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < most; ++count) {
        bytes += bytes_of(feed.redo[count].view());
        if (count > 0 && bytes > options_.batch_bytes) break;
    }
    return count;
}

/// Returns whether the first message to be applied again may succeed without removing the record
/// that is missing. This also holds at the second time if the record existed when it was checked
/// and has disappeared since.
bool Applier::learn_missing(PartitionFeed& feed, const std::string& name,
                            std::optional<MissingNames>& missing) {
    if (feed.redo.front().is_refused()) return false;
    if (!missing) {
        missing.emplace();
        return true;
    }
    const MessageView message = writer_.view(feed, feed.redo.front());
    return BatchWriter::can_miss(feed, message, name) && missing->insert(name).second;
}

/// Refuses the first message to be applied again.
Result<void> Applier::redo_without(PartitionFeed& feed, const Error& why) {
    KeptMessage& message = feed.redo.front();
    if (message.is_refused()) return why;  // the position itself cannot be moved
    if (auto refused = refuse(feed, message, why); !refused) return refused;
    if (auto settled = refusals_->settle(); !settled) return settled;
    message.mark_refused();
    return {};
}

/// Applies the first messages to be applied again, and drops them from the queue.
Result<void> Applier::redo_some(PartitionFeed& feed, std::size_t count,
                                const MissingNames* missing) {
    const auto done = write_some(feed, count, missing);
    if (!done) return done.error();
    const auto last = feed.redo.begin() + static_cast<std::ptrdiff_t>(count);
    const SourcePosition to = feed.position_at((last - 1)->offset() + 1);
    ++counters_->retries;
    auto committed = commit_now(writer_.finish(feed, feed.applied, to, options_.grade));
    if (!committed) return committed.error();
    feed.redo.erase(feed.redo.begin(), last);
    feed.applied = feed.base = to;
    feed.next = std::max(feed.next, to.offset);
    account(*done);
    return {};
}

/// Builds a transaction of the first messages, and returns its counters.
Result<Counters> Applier::write_some(PartitionFeed& feed, std::size_t count,
                                     const MissingNames* missing) {
    writer_.clear();
    Counters done;
    std::vector<KeptMessage*> refused;
    for (std::size_t i = 0; i < count; ++i) {
        KeptMessage& message = feed.redo[i];
        ++done.messages;
        if (message.is_refused()) {
            ++done.dead_letters;
            continue;
        }
        const auto writes = writer_.add(feed, writer_.view(feed, message), missing);
        if (writes) {
            done.writes += *writes;
            if (*writes == 0) ++done.filtered;
            continue;
        }
        if (auto taken = refuse(feed, message, writes.error()); !taken) return taken.error();
        refused.push_back(&message);
        ++done.dead_letters;
    }
    if (!refused.empty()) {
        if (auto settled = refusals_->settle(); !settled) return settled.error();
        for (KeptMessage* message : refused) message->mark_refused();
    }
    return done;
}

/// Sends a transaction and waits for its answer.
Result<void> Applier::commit_now(const Transaction& transaction) {
    answer_.reset();
    auto sent = committer_.send(transaction, [this](const Result<WriteResult>& answer) {
        answer_ = answer ? Result<void>() : Result<void>(answer.error());
    });
    if (!sent) return sent;
    if (auto drained = committer_.drain(); !drained) return drained;
    return *answer_;
}

}  // namespace ringside::kafka
