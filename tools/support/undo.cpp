#include "tools/support/undo.hpp"

#include <algorithm>
#include <chrono>

#include "shm/base/limits.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::tools {

namespace {

/// Returns the remaining time to live of a record; zero if it does not expire.
std::chrono::milliseconds rest_of_ttl(const RecordView& record) {
    if (record.expires_ms() == 0) return std::chrono::milliseconds(0);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return std::max(std::chrono::milliseconds(record.expires_ms()) - now,
                    std::chrono::milliseconds(1));
}

}  // namespace

TransactionLimits TransactionLimits::of_grid(const std::string& grid) {
    const shm::Segment segment = shm::Segment::open(grid).value();
    // Half of the bytes of a request, because each write also needs conditions and alignment.
    return {segment.view().identity().ring_entries / limits::ring_share_per_transaction,
            limits::message_bytes_max / 2};
}

void Undo::run(const std::vector<UndoStep>& steps) {
    std::size_t bytes = 0;
    for (const UndoStep& step : steps) {
        const std::size_t size = size_of(step);
        const bool is_full =
            batch_.size() == limits_.writes_max || bytes + size > limits_.bytes_max;
        if (is_full && !batch_.empty()) {
            commit_batch();
            bytes = 0;
        }
        batch_.push_back(&step);
        bytes += size;
    }
    if (!batch_.empty()) commit_batch();
}

ByteView Undo::document_of(const UndoStep& step) {
    return before_->record(step.before).encode(encoded_).value();
}

std::size_t Undo::size_of(const UndoStep& step) {
    return step.name.size() + (step.removes ? 0 : document_of(step).size());
}

/// Commits the batch. If records of the batch were changed meanwhile, removes them and repeats.
void Undo::commit_batch() {
    while (!batch_.empty()) {
        const auto done = client_->commit(transaction_of_batch());
        if (done) {
            count(*done);
            break;
        }
        if (done.error() != Errc::condition_failed) throw Exception(done.error());
        leave_out_changed();
    }
    batch_.clear();
}

const Transaction& Undo::transaction_of_batch() {
    transaction_.clear();
    for (const UndoStep* step : batch_) {
        WriteOptions options;
        options.condition = step->unchanged();
        options.grade = grade_;
        if (step->removes) {
            transaction_.remove(step->name, options).value();
            continue;
        }
        options.ttl = rest_of_ttl(before_->record(step->before));
        transaction_.put_encoded(step->name, document_of(*step), options).value();
    }
    before_->check().value();
    return transaction_;
}

void Undo::leave_out_changed() {
    const Snapshot now = client_->snapshot().value();
    std::erase_if(batch_, [&](const UndoStep* step) {
        const auto record = now.get(step->name);
        if (!record && record.error() != Errc::not_found) throw Exception(record.error());
        const Revision newest = record ? record->revision() : 0;
        if (newest == step->looked_at) return false;
        conflicts.push_back(step->name);
        return true;
    });
}

void Undo::count(const CommitResult& done) {
    ++transactions;
    revision = done.revision;
    for (const UndoStep* step : batch_) ++(step->removes ? removed : restored);
}

}  // namespace ringside::tools
