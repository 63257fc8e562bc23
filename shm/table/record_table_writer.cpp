#include "shm/table/record_table_writer.hpp"

#include <cassert>
#include <cstring>

#include "shm/base/crash_point.hpp"

namespace ringside::shm {

namespace {

constexpr std::uint64_t entry_of(std::uint64_t hash, Offset block) noexcept {
    return tag_of(hash) | block;
}

}  // namespace

RecordTableWriter::RecordTableWriter(const SegmentView& segment, Heap& heap, Retire retire)
    : segment_(segment),
      heap_(&heap),
      retire_(std::move(retire)),
      seed_(segment.identity().hash_seed) {}

void RecordTableWriter::begin() {
    if (rebuild(log2_table_entries_min)) return;
    throw Exception(
        Error(Errc::grid_full, "no memory for the first record table; free memory on the host"));
}

void RecordTableWriter::adopt(std::vector<std::uint32_t> high_halves, std::uint64_t live,
                              std::uint64_t used) {
    root_ = {segment_.header().root.table.load(std::memory_order_relaxed)};
    entries_ = segment_.at<Word>(root_.offset());
    high_halves_ = std::move(high_halves);
    live_ = live;
    used_ = used;
}

void RecordTableWriter::mend(std::uint64_t place, Offset block) noexcept {
    Word& entry = entries_[place];
    const std::uint64_t tag = entry.load(std::memory_order_relaxed) & ~offset_mask;
    // SYNC table-entry: pairs with Probe::entry.
    entry.store(block == 0 ? deleted_entry : tag | block, std::memory_order_release);
}

VersionBlock* RecordTableWriter::find(std::string_view name, std::uint64_t hash) const noexcept {
    return const_cast<VersionBlock*>(RecordTableReader(segment_).find(name, hash));
}

bool RecordTableWriter::make_room() {
    if ((used_ + 1) * 4 <= capacity() * 3) return true;
    // With many deleted entries, a table of the same size is enough.
    const unsigned log2_entries = root_.log2_entries() + (live_ * 2 > capacity() ? 1U : 0U);
    if (rebuild(log2_entries)) return true;
    return (used_ + 1) * 16 <= capacity() * 15;
}

bool RecordTableWriter::rebuild(unsigned log2_entries) {
    const std::uint64_t entries = 1ULL << log2_entries;
    const Offset offset = heap_->allocate(entries * sizeof(Word), Heap::Purpose::data);
    if (offset == 0) return false;
    auto* target = segment_.at<Word>(offset);
    std::memset(static_cast<void*>(target), 0, entries * sizeof(Word));
    std::vector<std::uint32_t> high_halves(entries);
    const TableRoot root = TableRoot::make(offset, log2_entries);

    const std::uint64_t old_entries = entries_ == nullptr ? 0 : root_.entries();
    for (std::uint64_t i = 0; i < old_entries; ++i) {
        const std::uint64_t entry = entries_[i].load(std::memory_order_relaxed);
        if (entry == free_entry || entry == deleted_entry) continue;
        std::uint64_t place = root.home(std::uint64_t{high_halves_[i]} << 32);
        while (target[place].load(std::memory_order_relaxed) != free_entry) {
            place = (place + 1) & (entries - 1);
        }
        target[place].store(entry, std::memory_order_relaxed);
        high_halves[place] = high_halves_[i];
    }

    reach(CrashPoint::table_copied);
    const TableRoot old = root_;
    const bool had_one = entries_ != nullptr;
    root_ = root;
    entries_ = target;
    high_halves_ = std::move(high_halves);
    used_ = live_;
    // SYNC table-root: pairs with Probe; the table is complete.
    segment_.header().root.table.store(root.word, std::memory_order_release);
    reach(CrashPoint::table_exchanged);
    if (had_one) retire_(old.offset(), old.entries() * sizeof(Word));
    return true;
}

void RecordTableWriter::insert(std::uint64_t hash, Offset block) noexcept {
    const std::uint64_t mask = capacity() - 1;
    std::uint64_t place = root_.home(hash);
    std::uint64_t entry = entries_[place].load(std::memory_order_relaxed);
    while (entry != free_entry && entry != deleted_entry) {
        place = (place + 1) & mask;
        entry = entries_[place].load(std::memory_order_relaxed);
    }
    if (entry == free_entry) ++used_;
    ++live_;
    high_halves_[place] = static_cast<std::uint32_t>(hash >> 32);
    // SYNC table-entry: pairs with Probe::entry; the block is complete.
    entries_[place].store(entry_of(hash, block), std::memory_order_release);
}

std::uint64_t RecordTableWriter::place_of(std::uint64_t hash, Offset block) const noexcept {
    const std::uint64_t mask = capacity() - 1;
    std::uint64_t place = root_.home(hash);
    while (entries_[place].load(std::memory_order_relaxed) != entry_of(hash, block)) {
        assert(entries_[place].load(std::memory_order_relaxed) != free_entry);
        place = (place + 1) & mask;
    }
    return place;
}

void RecordTableWriter::replace(std::uint64_t hash, Offset from, Offset to) noexcept {
    // SYNC table-entry: pairs with Probe::entry; the block is complete.
    entries_[place_of(hash, from)].store(entry_of(hash, to), std::memory_order_release);
}

void RecordTableWriter::erase(std::uint64_t hash, Offset block) noexcept {
    const std::uint64_t mask = capacity() - 1;
    std::uint64_t place = place_of(hash, block);
    --live_;
    if (entries_[(place + 1) & mask].load(std::memory_order_relaxed) != free_entry) {
        // SYNC table-entry: pairs with Probe::entry; makes nothing visible.
        entries_[place].store(deleted_entry, std::memory_order_release);
        return;
    }
    // No entry follows: no probe needs this entry, nor the deleted ones before it.
    do {
        // SYNC table-entry: pairs with Probe::entry; makes nothing visible.
        entries_[place].store(free_entry, std::memory_order_release);
        --used_;
        place = (place - 1) & mask;
    } while (entries_[place].load(std::memory_order_relaxed) == deleted_entry);
}

}  // namespace ringside::shm
