#include "shm/ring/change_ring.hpp"

#include <algorithm>
#include <cassert>

#include "shm/base/crash_point.hpp"
#include "shm/name/name.hpp"

namespace ringside::shm {

namespace {

/// Indices of the parts of a change in the seven words after the stamp.
enum WordIndex : std::size_t {
    revision_word = 0,
    time_word = 1,
    version_word = 2,  ///< 48 bits of offset, kind in the high bits
    record_word = 3,   ///< record, name hash in the high bits
    path_word = 4,     ///< 48 bits of offset, lane in the high bits
    session_word = 5,
    command_word = 6,
};

constexpr std::uint64_t stamp_of(Position position) noexcept { return position + 1; }

}  // namespace

std::uint32_t first_level_bit(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;
    for (const char c : first_level(name)) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    return 1U << (16U + ((hash ^ (hash >> 16)) & 15U));
}

ChangeRingWriter::ChangeRingWriter(const SegmentView& segment)
    : header_(&segment.header()),
      entries_(segment.at<ChangeEntry>(segment.identity().ring.offset)),
      mask_(segment.identity().ring_entries - 1) {}

void ChangeRingWriter::adopt(Position tail, Position head, Position appended) noexcept {
    tail_ = tail;
    head_ = head;
    // The dead broker may have counted entries that it did not publish. Store the head before these
    // are erased: a reader that finds an entry erased, and the tail before it, knows that it was
    // never published.
    // SYNC ring-head: pairs with ChangeRingReader::head().
    header_->commit.head.store(head_, std::memory_order_release);
    // One more: the entry that was being written.
    for (Position position = head; position <= appended; ++position) {
        if (position - tail >= capacity()) break;
        // SYNC ring-entry: pairs with R1; the head above is visible to a reader that meets `busy`.
        entry(position).stamp.store(ChangeEntry::busy, std::memory_order_release);
    }
    store_tail();
}

Revision ChangeRingWriter::revision_at(Position position) const noexcept {
    return entry(position).words[revision_word].load(std::memory_order_relaxed);
}

Revision ChangeRingWriter::tail_revision() const noexcept {
    return is_empty() ? 0 : revision_at(tail_);
}

void ChangeRingWriter::append(const Change& change) noexcept {
    assert(head_ - tail_ < capacity());
    ChangeEntry& target = entry(head_);
    target.stamp.store(ChangeEntry::busy, std::memory_order_relaxed);  // W2
    reach(CrashPoint::ring_entry_begun);
    const auto put = [&target](WordIndex index, std::uint64_t word) {
        // SYNC ring-entry: W3, pairs with R2: a reader of this word sees `busy` or a later stamp at
        // R3.
        target.words[index].store(word, std::memory_order_release);
    };
    put(revision_word, change.revision);
    put(time_word, change.time_ns);
    put(version_word, change.version | (static_cast<std::uint64_t>(change.kind) << 48));
    put(record_word, static_cast<std::uint64_t>(change.record) |
                         (static_cast<std::uint64_t>(change.name_hash) << 32));
    put(path_word, change.path | (static_cast<std::uint64_t>(change.lane) << 48));
    put(session_word, change.session);
    put(command_word, change.command);
    reach(CrashPoint::ring_entry_written);
    // SYNC ring-entry: W4, pairs with R1: the words of the entry are visible with the stamp.
    target.stamp.store(stamp_of(head_), std::memory_order_release);
    reach(CrashPoint::ring_entry_stamped);
    ++head_;
}

void ChangeRingWriter::make_room(std::uint64_t entries) noexcept {
    assert(entries <= capacity());
    if (head_ + entries - tail_ <= capacity()) return;
    advance_tail(head_ + entries - capacity());
}

void ChangeRingWriter::advance_tail(Position position) noexcept {
    if (position <= tail_) return;
    tail_ = std::min(position, head_);
    // Only whole revisions: a watch that begins at the tail's revision sees all of it.
    while (tail_ > 0 && tail_ < head_ && revision_at(tail_) == revision_at(tail_ - 1)) ++tail_;
    store_tail();
    reach(CrashPoint::ring_tail_moved);
}

void ChangeRingWriter::store_tail() noexcept {
    header_->tail.tail_revision.store(tail_revision(), std::memory_order_relaxed);
    // SYNC ring-tail: W1, pairs with ChangeRingReader::tail(): a reader that meets an overwritten
    // entry can compute how many entries it missed.
    header_->tail.tail.store(tail_, std::memory_order_release);
}

void ChangeRingWriter::rewind(Position head) noexcept {
    assert(head <= head_ && head >= tail_);
    head_ = head;
}

void ChangeRingWriter::publish(Revision revision) noexcept {
    // SYNC ring-head: W5, pairs with ChangeRingReader::head(): the entries before this head are
    // visible to a reader that sees the head before the revision.
    header_->commit.head.store(head_, std::memory_order_release);
    reach(CrashPoint::publish_head_stored);
    // SYNC published: W5, pairs with the acquire of every reader that picks its revision: the
    // versions, the index and the ring entries of all commits up to this revision are visible.
    header_->commit.published.store(revision, std::memory_order_release);
    reach(CrashPoint::publish_done);
    if (header_->tail.tail_revision.load(std::memory_order_relaxed) == 0) store_tail();
}

ChangeRingReader::ChangeRingReader(const SegmentView& segment)
    : header_(&segment.header()),
      entries_(segment.at<ChangeEntry>(segment.identity().ring.offset)),
      mask_(segment.identity().ring_entries - 1) {}

std::optional<Change> ChangeRingReader::read(Position position) const noexcept {
    const ChangeEntry& source = entries_[position & mask_];
    const std::uint64_t stamp = stamp_of(position);
    // SYNC ring-entry: R1, pairs with W4 in ChangeRingWriter::append.
    if (source.stamp.load(std::memory_order_acquire) != stamp) return std::nullopt;
    std::uint64_t words[7];
    // SYNC ring-entry: R2, each pairs with W3: R3 cannot see a stamp older than a word.
    for (std::size_t i = 0; i < 7; ++i) words[i] = source.words[i].load(std::memory_order_acquire);
    if (source.stamp.load(std::memory_order_relaxed) != stamp) return std::nullopt;  // R3
    Change change;
    change.position = position;
    change.revision = words[revision_word];
    change.time_ns = words[time_word];
    change.version = words[version_word] & offset_mask;
    change.kind = static_cast<ChangeKind>(words[version_word] >> 48);
    change.record = RecordId{static_cast<std::uint32_t>(words[record_word])};
    change.name_hash = static_cast<std::uint32_t>(words[record_word] >> 32);
    change.path = words[path_word] & offset_mask;
    change.lane = static_cast<std::uint16_t>(words[path_word] >> 48);
    change.session = static_cast<SessionId>(words[session_word]);
    change.command = words[command_word];
    return change;
}

Position ChangeRingReader::head() const noexcept {
    // SYNC ring-head: pairs with W5; the entries before the head are written.
    return header_->commit.head.load(std::memory_order_acquire);
}

Position ChangeRingReader::tail() const noexcept {
    // SYNC ring-tail: pairs with W1; `tail_revision` belongs to this tail or to a later one.
    return header_->tail.tail.load(std::memory_order_acquire);
}

/// Before the head there may be changes of revisions that were published after `published` was
/// loaded, or that a dead broker did not publish. Entries that are no longer readable are later
/// than all of these.
Position ChangeRingReader::first_after(Revision revision, Position begin,
                                       Position end) const noexcept {
    while (end > begin) {
        const auto change = read(end - 1);
        if (change && change->revision < revision) break;
        --end;
    }
    return end;
}

std::optional<Position> ChangeRingReader::find(Revision revision) const noexcept {
    for (;;) {
        // SYNC published: pairs with W5; the head of that revision, or a later head, is visible.
        const Revision published = header_->commit.published.load(std::memory_order_acquire);
        const Position begin = tail();
        const Position end = head();
        if (revision > published) return first_after(revision, begin, end);
        Position low = begin;
        Position high = end;
        bool is_lapped = false;
        while (low < high && !is_lapped) {
            const Position middle = low + (high - low) / 2;
            const auto change = read(middle);
            if (change && change->revision < revision) {
                low = middle + 1;
            } else {
                // An entry that the tail has not passed was never published, nor were those after
                // it.
                is_lapped = !change && tail() > middle;
                high = middle;
            }
        }
        if (is_lapped) continue;  // the tail has moved: repeat from there
        if (low > begin) return low;
        // All remaining entries are at or after `revision`; complete only if none of these is gone.
        if (begin == 0) {
            const Revision base = header_->tail.base.load(std::memory_order_relaxed);
            if (base == 0 || revision > base) return low;
        }
        const auto first = low < end ? read(low) : std::nullopt;
        if (low < end && !first && tail() > low) continue;
        const bool nothing_is_missing = first && first->revision == revision;
        if (nothing_is_missing) return low;
        return std::nullopt;
    }
}

}  // namespace ringside::shm
