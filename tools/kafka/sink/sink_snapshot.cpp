// Sends the whole state, at the beginning and after missed changes.
#include <spdlog/spdlog.h>

#include "tools/kafka/sink/grid_error.hpp"
#include "tools/kafka/sink/sink.hpp"

namespace ringside::kafka {

namespace {

constexpr auto partitions_timeout = std::chrono::seconds(1);

}  // namespace

Result<Sink::Next> Sink::failed(const Error& error) {
    if (!is_passing(error.code)) return error;
    trouble_ = error.text();
    return Next::go_back;
}

/// Sends all records of one revision, and makes the watch begin after that revision.
Result<Sink::Next> Sink::send_state() {
    watch_.reset();
    const auto snapshot = client_.snapshot({.lease = options_.snapshot_lease});
    if (!snapshot) return failed(snapshot.error());
    const Revision revision = snapshot->revision();
    auto watch =
        client_.watch(selection_.widest(),
                      {.mode = WatchMode::every, .from = revision + 1, .is_interest = false});
    if (!watch) return failed(watch.error());
    if (watch->epoch() != position_.boot_id) {
        // Another grid: its position, if any, belongs to an earlier one.
        if (const auto taken = position_record_.take_over(); !taken) return failed(taken.error());
        position_ = {0, watch->epoch()};
        position_written_ = 0;
        if (auto begun = outbox_.open_for_another_grid(); !begun) return begun.error();
    }
    say_ready();
    if (gap_->is_missed) {
        ++counters_.lagged;
        spdlog::warn("sink '{}' missed changes; sending the state of revision {}", options_.name,
                     revision);
        auto told = send_markers(message_.lagged(gap_->missed, revision + 1), revision);
        if (!told || *told != Next::go_on) return told;
    }
    auto sent = send_records(*snapshot);
    if (!sent || *sent != Next::go_on) return sent;
    if (gap_->is_missed) {
        auto told = send_markers(message_.resumed(revision), revision);
        if (!told || *told != Next::go_on) return told;
    }
    watch_ = *std::move(watch);
    gap_.reset();
    acknowledged_written_.reset();
    trouble_.clear();
    return Next::go_on;
}

Result<Sink::Next> Sink::send_records(const Snapshot& snapshot) {
    auto cursor = snapshot.cursor(selection_.widest());
    if (!cursor) return failed(cursor.error());
    for (;;) {
        auto due = chores();
        if (!due || *due != Next::go_on) return due;
        const auto batch = cursor->next();
        if (!batch) return failed(batch.error());
        if (batch->empty()) return Next::go_on;
        for (const RecordView& record : *batch) {
            if (!selection_.matches(record.name())) continue;
            const OutgoingMessage& message = message_.current(record);
            // The records were read intact if the lease has not expired.
            if (const auto whole = snapshot.check(); !whole) return failed(whole.error());
            auto next = send(message, snapshot.revision(), Outbox::Part::state);
            if (!next || *next != Next::go_on) return next;
        }
    }
}

/// Sends to each partition, so that consumers of only some partitions receive it as well.
Result<Sink::Next> Sink::send_markers(const OutgoingMessage& message, Revision revision) {
    OutgoingMessage marker = message;
    for (;;) {
        auto due = chores();
        if (!due || *due != Next::go_on) return due;
        const auto partitions = outbox_.partitions(partitions_timeout);
        if (!partitions) {
            const KafkaError& error = partitions.error();
            if (error.kind == KafkaError::Kind::final) return error.error();
            trouble_ = error.text;
            pause(partitions_timeout / 10);
            continue;
        }
        for (marker.partition = 0; marker.partition < *partitions; ++marker.partition) {
            auto next = send(marker, revision, Outbox::Part::state);
            if (!next || *next != Next::go_on) return next;
        }
        return Next::go_on;
    }
}

}  // namespace ringside::kafka
