// The partitions of a source: where they continue, and whether they are paused.

#include <spdlog/spdlog.h>

#include <utility>

#include "tools/kafka/source/source.hpp"

namespace ringside::kafka {

namespace {

/// Time between two checks of the gate's conditions.
constexpr std::chrono::milliseconds gate_interval{50};
constexpr std::chrono::milliseconds gate_interval_of_trouble{1000};
/// Time between two checks of offsets out of range, and the limit of Kafka's answer.
constexpr std::chrono::milliseconds range_interval{200};
constexpr std::chrono::milliseconds range_patience{1000};

TopicPartition place(const PartitionFeed& feed, std::int64_t offset) {
    return {feed.topic, feed.partition, offset, false};
}

}  // namespace

/// Returns the offset of the next message to take.
std::int64_t Source::begin_of(const Assigned& assigned) const noexcept {
    const PartitionFeed& feed = *assigned.feed;
    if (feed.next > 0 || feed.base) return feed.next;
    return assigned.topic->start == Start::earliest ? Consumer::beginning : Consumer::end;
}

void Source::assign(std::span<TopicPartition> partitions) {
    was_assigned_ = true;
    last_ = nullptr;
    hear_kafka();
    for (TopicPartition& partition : partitions) {
        const TopicOptions* topic = options_->topic(partition.topic);
        if (topic == nullptr) {
            spdlog::warn(
                "no [[source.topic]] for topic '{}' of this group; its messages are not read",
                partition.topic);
            partition.is_paused = true;
            continue;
        }
        Assigned& assigned = assigned_[Key(partition.topic, partition.partition)];
        assigned.topic = topic;
        assigned.feed =
            applier_->open(partition.topic, partition.partition,
                           position_name(options_->group, partition.topic, partition.partition),
                           mappers_.at(topic), topic->mapping.needs_headers());
        partition.offset = begin_of(assigned);
        assigned.is_paused = partition.is_paused = is_to_pause(assigned);
        spdlog::info("assigned {} [{}] at {}", partition.topic, partition.partition,
                     partition.offset == Consumer::beginning ? "the beginning"
                     : partition.offset == Consumer::end     ? "the end"
                                                             : std::to_string(partition.offset));
    }
}

void Source::revoke(std::span<const TopicPartition> partitions, bool are_lost) {
    if (!are_lost) {
        // The next owner does the rest, from the position on.
        refusals_->set_in_haste(true);
        auto finished = applier_->finish();
        if (finished && applier_->is_disturbed() && !applier_->failure() && !held_) {
            finished = applier_->recover();
        }
        refusals_->set_in_haste(false);
        tell_kafka();
    }
    last_ = nullptr;
    std::vector<TopicPartition> paused;
    for (const TopicPartition& partition : partitions) {
        const auto found = assigned_.find(Key(partition.topic, partition.partition));
        if (found == assigned_.end()) continue;
        if (found->second.is_paused) paused.push_back(partition);
        applier_->close(found->second.feed);
        assigned_.erase(found);
        spdlog::info("{} {} [{}]", are_lost ? "lost" : "revoked", partition.topic,
                     partition.partition);
    }
    // librdkafka would remember the pause when they are assigned again.
    if (!paused.empty()) consumer_->resume(paused);
}

Result<void> Source::restart(const Key& key, std::int64_t offset) {
    std::vector<TopicPartition> all;
    std::vector<TopicPartition> paused;
    for (const auto& [other, assigned] : assigned_) {
        all.push_back(place(*assigned.feed, other == key ? offset : begin_of(assigned)));
        if (assigned.is_paused) paused.push_back(all.back());
    }
    const auto restarted = consumer_->restart({key.first, key.second, offset, false}, all);
    if (!restarted) {
        return Error(restarted.error().code,
                     "cannot seek in the partition: " + restarted.error().detail);
    }
    if (!paused.empty()) consumer_->pause(paused);
    return {};
}

Result<void> Source::reposition(const PartitionFeed& feed) {
    const Key key(feed.topic, feed.partition);
    const auto found = assigned_.find(key);
    if (found == assigned_.end()) return {};
    spdlog::warn("position of {} [{}] differs in the grid; continuing from the grid's position",
                 feed.topic, feed.partition);
    return restart(key, begin_of(found->second));
}

void Source::settle_ranges() {
    if (Clock::now() < ranges_due_) return;
    has_out_of_range_ = false;
    for (auto& [key, assigned] : assigned_) {
        if (!assigned.out_of_range_since) continue;
        if (auto settled = settle_range(assigned); !settled) {
            fatal_ = settled.error();
            return;
        }
        has_out_of_range_ = has_out_of_range_ || assigned.out_of_range_since;
    }
    ranges_due_ = Clock::now() + range_interval;
}

/// The position is not in the partition: the messages have expired, or the topic was replaced. It
/// may also only seem so, while a new leader does not know the end of its partition.
Result<void> Source::settle_range(Assigned& assigned) {
    PartitionFeed& feed = *assigned.feed;
    const Key key(feed.topic, feed.partition);
    if (held_) return {};
    if (const auto finished = applier_->finish(); !finished) {
        wait_for_grid(finished);
        return {};
    }
    if (feed.is_disturbed || applier_->failure()) return {};  // it may be elsewhere
    const auto bounds = consumer_->bounds(place(feed, 0), range_patience);
    if (!bounds) {
        note_trouble(bounds.error());
        return {};
    }
    const auto [least, end] = *bounds;
    const bool has_begun = feed.base || feed.next > 0;
    const bool is_beyond = has_begun && feed.next > end;
    const auto beyond_for = Clock::now() - *assigned.out_of_range_since;
    if (is_beyond && beyond_for < options_->leader_patience) return {};
    if (!has_begun || (!is_beyond && feed.next >= least)) {
        assigned.out_of_range_since.reset();
        return restart(key, begin_of(assigned));
    }
    const std::int64_t before = feed.next;
    if (const auto reset = applier_->reset(assigned.feed, least); !reset) {
        wait_for_grid(reset);
        return {};
    }
    assigned.out_of_range_since.reset();
    spdlog::warn("position {} of {} [{}] is no longer in the topic; starting at {}", before,
                 feed.topic, feed.partition, least);
    ++counters_.resets;
    return restart(key, feed.next);
}

void Source::recover() {
    const auto recovered = applier_->recover();
    if (!recovered) {
        if (recovered.error() == Errc::bad_configuration) {
            fatal_ = Error(Errc::system_error, recovered.error().detail);
        } else if (!applier_->failure()) {
            hold(recovered.error());
        }
    } else if (held_) {
        spdlog::info("applying messages again");
        held_.reset();
    }
    if (recovered) backoff_.reset();
    set_pauses();
}

void Source::wait_for_grid(const Result<void>& answered) {
    if (answered || held_) return;
    hold(answered.error());
    set_pauses();
}

void Source::hold(const Error& why) {
    backoff_.fail();
    ++counters_.retries;
    if (!held_ || held_->code != why.code) {
        spdlog::warn("applying no messages: {}", reason_of(why));
    }
    held_ = why;
}

void Source::open_gate() {
    if (Clock::now() < gate_due_ || !backoff_.is_over()) return;
    const auto opened = gate_.try_open(*consumer_);
    gate_due_ = Clock::now() + (opened ? gate_interval : gate_interval_of_trouble);
    if (!opened) {
        gate_trouble_ = opened.error().code;
        return note_trouble(opened.error());
    }
    // The trouble may have another cause than the gate, such as a failing fetch.
    if (trouble_ && trouble_->code == gate_trouble_) forget_trouble();
    gate_trouble_.reset();
    if (!*opened) return;
    spdlog::info("snapshots loaded; following all topics");
    set_pauses();
}

bool Source::is_to_pause(const Assigned& assigned) const noexcept {
    return held_ || !assigned.feed->is_located ||
           (!gate_.is_open() && !assigned.topic->is_snapshot);
}

void Source::set_pauses() {
    std::vector<TopicPartition> paused;
    std::vector<TopicPartition> resumed;
    for (auto& [key, assigned] : assigned_) {
        const bool is_to_be = is_to_pause(assigned);
        if (std::exchange(assigned.is_paused, is_to_be) == is_to_be) continue;
        (is_to_be ? paused : resumed).push_back(place(*assigned.feed, 0));
    }
    if (!paused.empty()) consumer_->pause(paused);
    if (!resumed.empty()) consumer_->resume(resumed);
}

}  // namespace ringside::kafka
