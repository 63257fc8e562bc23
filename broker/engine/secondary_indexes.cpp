#include "broker/engine/secondary_indexes.hpp"

#include <algorithm>

#include "shm/index/value_key.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::broker {

using shm::IndexState;
using shm::VersionBlock;

namespace {

/// Work for indexes in one turn: about 50 us.
constexpr std::size_t records_per_turn = 64;
constexpr std::size_t steps_per_turn = 64;
constexpr std::uint64_t retry_ns = 1'000'000'000;

}  // namespace

struct SecondaryIndexes::Index {
    enum class Task {
        none,
        build,
        dismantle,  ///< then wait for memory, if the index is still defined
        wait,
        end,  ///< dismantle, then remove
    };

    Index(shm::IndexEntry& at, Pattern of_names, JsonPointer to_value)
        : entry(&at), pattern(std::move(of_names)), pointer(std::move(to_value)) {}

    [[nodiscard]] bool takes_part() const noexcept {
        const auto state = static_cast<IndexState>(entry->state.load(std::memory_order_relaxed));
        return state == IndexState::building || state == IndexState::ready;
    }

    shm::IndexEntry* entry;
    Pattern pattern;
    JsonPointer pointer;
    std::unique_ptr<ValueIndexWriter> writer;
    std::vector<Offset> posting_of;  ///< by RecordId; 0: the record is not in the index
    Task task = Task::none;
    std::string built_until;  ///< name of the last record added to the index
    std::uint64_t retry_at_ns = 0;
    std::uint64_t bytes_wanted = 0;  ///< free memory at which the build is retried
};

SecondaryIndexes::SecondaryIndexes(const shm::SegmentView& segment, shm::Heap& heap,
                                   SlotAllocator& slots, Retire retire)
    : segment_(segment), heap_(&heap), slots_(&slots), retire_(std::move(retire)) {}
SecondaryIndexes::~SecondaryIndexes() = default;
SecondaryIndexes::SecondaryIndexes(SecondaryIndexes&&) noexcept = default;
SecondaryIndexes& SecondaryIndexes::operator=(SecondaryIndexes&&) noexcept = default;

void SecondaryIndexes::rebuild() {
    for (shm::IndexEntry& entry : segment_.header().indexes) {
        // A reader that sees a later store also sees that it must not use the index.
        // SYNC value-index-ready: pairs with R3 of shm/index/value_index.hpp.
        entry.ready_from.store(shm::no_revision, std::memory_order_release);
        // SYNC value-index-life: pairs with ValueIndexReader's constructor.
        entry.life.store(0, std::memory_order_release);
        // SYNC index-link: pairs with NameIndexCursor::seek; the two stores above are visible.
        entry.root.store(0, std::memory_order_release);
        entry.state.store(static_cast<std::uint32_t>(IndexState::none), std::memory_order_relaxed);
    }
}

SecondaryIndexes::Index* SecondaryIndexes::index_of(RecordId definition) const noexcept {
    const auto id = static_cast<std::uint32_t>(definition);
    for (const auto& index : indexes_) {
        const bool is_ending = index->task == Index::Task::end;
        if (!is_ending && index->entry->record.load(std::memory_order_relaxed) == id)
            return index.get();
    }
    return nullptr;
}

shm::IndexEntry* SecondaryIndexes::free_entry() const noexcept {
    for (shm::IndexEntry& entry : segment_.header().indexes) {
        if (static_cast<IndexState>(entry.state.load(std::memory_order_relaxed)) ==
            IndexState::none)
            return &entry;
    }
    return nullptr;
}

bool SecondaryIndexes::has_room() const noexcept { return free_entry() != nullptr; }

void SecondaryIndexes::define(const VersionBlock& definition) {
    if (index_of(definition.record_id()) != nullptr) return;
    const Value document = Value::of(definition.document(), &segment_.pages());
    auto pattern = Pattern::parse(document["pattern"].as_string().value_or(""));
    auto pointer = JsonPointer::parse(document["pointer"].as_string().value_or(""));
    shm::IndexEntry* entry = free_entry();
    // Only the grid itself writes such records, and never more of them than there are entries.
    if (!pattern || !pointer || entry == nullptr) return;
    entry->record.store(definition.record, std::memory_order_relaxed);
    indexes_.push_back(std::make_unique<Index>(*entry, std::move(*pattern), std::move(*pointer)));
    begin_building(*indexes_.back());
}

void SecondaryIndexes::begin_building(Index& index) {
    shm::IndexEntry& entry = *index.entry;
    shm::HalfWord& lives = segment_.header().root.index_lives;
    const std::uint32_t life = lives.load(std::memory_order_relaxed) + 1;
    lives.store(life, std::memory_order_relaxed);
    entry.ready_from.store(shm::no_revision, std::memory_order_relaxed);
    for (shm::Word* word : {&entry.root, &entry.values, &entry.postings, &entry.bytes}) {
        word->store(0, std::memory_order_relaxed);
    }
    entry.state.store(static_cast<std::uint32_t>(IndexState::building), std::memory_order_relaxed);
    // SYNC value-index-life: pairs with ValueIndexReader's constructor; the entry is initialised.
    entry.life.store(life, std::memory_order_release);
    const auto retire = [this](Retired::Kind kind, Offset offset, std::uint64_t bytes) {
        retire_({offset, bytes, 0, kind});
    };
    index.writer = std::make_unique<ValueIndexWriter>(segment_, *heap_, *slots_, retire, entry);
    index.built_until.clear();
    index.task = Index::Task::build;
}

void SecondaryIndexes::undefine(RecordId definition) {
    Index* index = index_of(definition);
    if (index == nullptr) return;
    // Dismantling starts later and stores with release: a reader that sees any such store sees this
    // one.
    // SYNC value-index-ready: pairs with R3 of shm/index/value_index.hpp.
    index->entry->ready_from.store(shm::no_revision, std::memory_order_release);
    index->entry->state.store(static_cast<std::uint32_t>(IndexState::suspended),
                              std::memory_order_relaxed);
    index->posting_of = {};
    index->task = Index::Task::end;
}

void SecondaryIndexes::suspend(Index& index) {
    // SYNC value-index-ready: as in `undefine`.
    index.entry->ready_from.store(shm::no_revision, std::memory_order_release);
    index.entry->state.store(static_cast<std::uint32_t>(IndexState::suspended),
                             std::memory_order_relaxed);
    index.posting_of = {};
    index.bytes_wanted = 2 * index.writer->bytes() + segment_.identity().heap.bytes / 32;
    index.task = Index::Task::dismantle;
}

void SecondaryIndexes::changed(const VersionBlock& now) {
    for (const auto& index : indexes_) {
        if (index->takes_part() && index->pattern.matches(now.name())) change(*index, now);
    }
}

void SecondaryIndexes::change(Index& index, const VersionBlock& now) {
    const std::size_t id = now.record;
    const Offset former = id < index.posting_of.size() ? index.posting_of[id] : 0;
    if (former == 0 && now.is_tombstone()) return;
    if (former != 0) {
        if (!now.is_tombstone()) {
            const Value document = Value::of(now.document(), &segment_.pages());
            const auto key = shm::ValueKey::of(document.find(index.pointer).value_or(Value()));
            if (key.bytes() == index.writer->key_of(former)) return;
        }
        index.writer->end(former, now.revision);
        index.posting_of[id] = 0;
        retire_({former, 0, now.revision, Retired::Kind::posting,
                 index.entry->life.load(std::memory_order_relaxed)});
    }
    if (!now.is_tombstone() && !add(index, now)) suspend(index);
}

bool SecondaryIndexes::add(Index& index, const VersionBlock& version) {
    const std::size_t id = version.record;
    if (id >= index.posting_of.size()) {
        index.posting_of.resize(std::max<std::size_t>(id + 1, index.posting_of.size() * 3 / 2));
    }
    const Value document = Value::of(version.document(), &segment_.pages());
    const auto key = shm::ValueKey::of(document.find(index.pointer).value_or(Value()));
    const Offset posting = index.writer->insert(key.bytes(), version.record_id(), version.revision);
    index.posting_of[id] = posting;
    return posting != 0;
}

void SecondaryIndexes::release(const Retired& posting) {
    for (const auto& index : indexes_) {
        const bool is_its = index->entry->life.load(std::memory_order_relaxed) == posting.life;
        if (is_its && index->takes_part()) index->writer->release(posting.offset);
    }
}

bool SecondaryIndexes::build(Index& index, std::size_t records_max) {
    const std::string prefix(index.pattern.literal_prefix());
    shm::NameIndexCursor cursor(segment_);
    cursor.seek(std::max(prefix, index.built_until));
    std::size_t given = 0;
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const auto* version = shm::newest_of(segment_, RecordId{id});
            if (version == nullptr || version->name() <= index.built_until) continue;
            if (!version->name().starts_with(prefix)) return false;
            if (given++ == records_max) return true;
            index.built_until = version->name();
            const bool is_there = id < index.posting_of.size() && index.posting_of[id] != 0;
            if (version->is_tombstone() || is_there || !index.pattern.matches(version->name())) {
                continue;
            }
            if (!add(index, *version)) {
                suspend(index);
                return true;
            }
        }
    }
    return false;
}

bool SecondaryIndexes::turn(Index& index, std::uint64_t now_ns, Revision settled) {
    shm::IndexEntry& entry = *index.entry;
    entry.bytes.store(index.writer->bytes(), std::memory_order_relaxed);
    switch (index.task) {
        case Index::Task::none: index.writer->tidy(); return false;
        case Index::Task::build:
            if (build(index, records_per_turn)) return true;
            entry.state.store(static_cast<std::uint32_t>(IndexState::ready),
                              std::memory_order_relaxed);
            // SYNC value-index-ready: pairs with R1; all postings for readers at or after this
            // revision are visible.
            entry.ready_from.store(settled, std::memory_order_release);
            index.task = Index::Task::none;
            return true;
        case Index::Task::dismantle:
        case Index::Task::end:
            if (!index.writer->dismantle(steps_per_turn)) return true;
            if (index.task == Index::Task::end) return true;
            index.task = Index::Task::wait;
            index.retry_at_ns = now_ns + retry_ns;
            return true;
        case Index::Task::wait:
            if (now_ns < index.retry_at_ns) return false;
            index.retry_at_ns = now_ns + retry_ns;
            if (segment_.identity().heap.bytes - heap_->bytes_in_spans() < index.bytes_wanted)
                return false;
            begin_building(index);
            return true;
    }
    return false;
}

bool SecondaryIndexes::turn(std::uint64_t now_ns, Revision settled) {
    bool has_worked = false;
    for (const auto& index : indexes_) has_worked |= turn(*index, now_ns, settled);
    std::erase_if(indexes_, [&](const auto& index) {
        const bool is_gone = index->task == Index::Task::end &&
                             index->entry->root.load(std::memory_order_relaxed) == 0;
        if (!is_gone) return false;
        index->entry->life.store(0, std::memory_order_relaxed);
        index->entry->state.store(static_cast<std::uint32_t>(IndexState::none),
                                  std::memory_order_relaxed);
        return true;
    });
    return has_worked;
}

bool SecondaryIndexes::has_work() const noexcept {
    return std::any_of(indexes_.begin(), indexes_.end(), [](const auto& index) {
        return index->task != Index::Task::none && index->task != Index::Task::wait;
    });
}

}  // namespace ringside::broker
