#include "broker/engine/survey.hpp"

#include <fmt/format.h>

#include "shm/heap/heap.hpp"
#include "shm/heap/size_class.hpp"
#include "shm/name/name.hpp"

namespace ringside::broker {

using shm::VersionBlock;

namespace {

/// Limit on revisions and positions. No grid reaches it: at one per nanosecond it takes 146 years.
/// Near the limit of 64 bits, arithmetic on them would overflow.
constexpr std::uint64_t counted_max = 1ULL << 62;

}  // namespace

Survey::Survey(const shm::SegmentView& segment)
    : blocks(segment.identity().heap), segment_(segment), ring_(segment) {}

Result<void> Survey::run() {
    const shm::Header& header = segment_.header();
    // SYNC published: pairs with W5 of the former broker; all commits up to it are visible.
    published = header.commit.published.load(std::memory_order_acquire);
    // SYNC pin-publish: pairs with E2 of the former broker.
    horizon = header.horizon.horizon.load(std::memory_order_acquire);
    if (published > counted_max) return wrong("published revision {} is out of range", published);
    if (horizon > published)
        return wrong("horizon {} is after the published revision {}", horizon, published);
    if (auto walked = walk_ring(); !walked) return walked;
    if (auto walked = walk_slots(); !walked) return walked;
    if (auto walked = walk_table(); !walked) return walked;
    if (auto walked = walk_index(); !walked) return walked;
    return compare();
}

bool Survey::is_in_heap(Offset block, std::uint64_t bytes) const noexcept {
    const shm::Region& heap = segment_.identity().heap;
    return block % 16 == 0 && block >= heap.offset && block < heap.end() &&
           bytes <= heap.end() - block;
}

Result<void> Survey::claim(Offset block, std::uint64_t bytes, const char* what) {
    if (bytes == 0 || !is_in_heap(block, bytes))
        return wrong("{} at {:#x} is outside the heap", what, block);
    const std::uint64_t within = block - segment_.identity().heap.offset;
    const std::uint64_t span = within / shm::span_bytes;
    const std::uint16_t held = segment_.span(span).size_class.load(std::memory_order_relaxed);
    if (bytes > shm::size_class::small_bytes_max) {
        if (within % shm::span_bytes != 0 || held != shm::SpanEntry::large_first) {
            return wrong("{} at {:#x} does not start a large block", what, block);
        }
        const std::uint64_t spans = shm::Heap::rounded(bytes) / shm::span_bytes;
        for (std::uint64_t i = 1; i < spans; ++i) {
            if (segment_.span(span + i).size_class.load(std::memory_order_relaxed) !=
                shm::SpanEntry::large_rest) {
                return wrong("{} at {:#x} is larger than its block", what, block);
            }
        }
        bytes_reachable += spans * shm::span_bytes;
    } else {
        if (held == 0 || held > shm::size_class::count) {
            return wrong("{} at {:#x} lies in free memory", what, block);
        }
        const std::uint32_t size = shm::size_class::bytes(held - 1U);
        if (bytes > size || within % shm::span_bytes % size != 0) {
            return wrong("{} at {:#x} is not aligned to the blocks of its size", what, block);
        }
        bytes_reachable += size;
    }
    ++blocks_reachable;
    if (!blocks.mark(block)) return wrong("{} at {:#x} overlaps another object", what, block);
    return {};
}

bool Survey::can_be_version(Offset block) const noexcept {
    if (!is_in_heap(block, sizeof(VersionBlock))) return false;
    const VersionBlock& version = *segment_.version_at(block);
    return version.name_bytes > 0 && version.name_bytes <= limits::name_bytes_max &&
           version.document_bytes <= limits::document_bytes_max &&
           is_in_heap(block, version.block_bytes());
}

Result<void> Survey::walk_ring() {
    const shm::Header& header = segment_.header();
    const std::uint64_t capacity = ring_.capacity();
    // SYNC ring-tail: pairs with W1 of the former broker.
    tail = header.tail.tail.load(std::memory_order_acquire);
    // SYNC ring-head: pairs with W5 of the former broker.
    head = header.commit.head.load(std::memory_order_acquire);
    if (head < tail || head - tail > capacity || head > counted_max)
        return wrong("change ring runs from {} to {}", tail, head);
    // The broker may have stored the head but not the revision that belongs to it.
    while (head > tail) {
        const auto last = ring_.read(head - 1);
        if (!last) return wrong("ring entry {} is missing", head - 1);
        if (last->revision <= published) break;
        --head;
    }
    Revision before = 0;
    constexpr Position ahead = 16;
    for (Position position = tail; position < head; ++position) {
        const auto change = ring_.read(position);
        if (!change) return wrong("ring entry {} is missing", position);
        if (change->revision < before || change->revision > published) {
            return wrong("ring entry {} has revision {}, after {}", position, change->revision,
                         before);
        }
        before = change->revision;
        if (const auto soon = ring_.read(position + ahead)) {
            __builtin_prefetch(segment_.at<std::byte>(soon->version));
        }
        if (!can_be_version(change->version) ||
            segment_.version_at(change->version)->revision != change->revision) {
            return wrong("ring entry {} references no version of its revision", position);
        }
        if (change->kind == shm::ChangeKind::event) {
            const shm::VersionBlock& event = *segment_.version_at(change->version);
            const std::uint64_t bytes = event.block_bytes();
            if (event.record != static_cast<std::uint32_t>(shm::no_record) || event.has_pages()) {
                return wrong("ring entry {} references no event", position);
            }
            if (auto claimed = claim(change->version, bytes, "event"); !claimed) return claimed;
            replaced.push_back({change->version, bytes, change->revision});
        }
        if (change->path == 0) continue;
        if (!is_in_heap(change->path, sizeof(shm::PathBlock))) {
            return wrong("path of ring entry {} is outside the heap", position);
        }
        const std::uint64_t bytes =
            sizeof(shm::PathBlock) + segment_.at<shm::PathBlock>(change->path)->size;
        if (auto claimed = claim(change->path, bytes, "path"); !claimed) return claimed;
        replaced.push_back({change->path, bytes, change->revision});
    }
    appended = head;
    while (appended - tail < capacity && ring_.read(appended)) ++appended;
    return {};
}

Result<void> Survey::walk_slots() {
    const std::uint64_t backed =
        segment_.header().root.slots_backed.load(std::memory_order_relaxed);
    if (backed > segment_.identity().slots.bytes / sizeof(shm::Slot)) {
        return wrong("{} record slots do not fit the segment", backed);
    }
    records.resize(backed);
    constexpr std::uint32_t ahead = 16;
    for (std::uint32_t id = 0; id < backed; ++id) {
        if (id + ahead < backed) {
            const Offset soon =
                segment_.slot(RecordId{id + ahead}).newest.load(std::memory_order_relaxed);
            if (segment_.holds(soon, 64)) __builtin_prefetch(segment_.at<std::byte>(soon));
        }
        if (auto walked = walk_versions(id); !walked) return walked;
    }
    return {};
}

/// Walks from the newest version of a record back to the oldest one that a reader might need.
Result<void> Survey::walk_versions(std::uint32_t id) {
    Record& record = records[id];
    // SYNC slot-version: pairs with the former broker's link of the version.
    Offset block = segment_.slot(RecordId{id}).newest.load(std::memory_order_acquire);
    if (block == 0) return {};
    if (can_be_version(block) && segment_.version_at(block)->is_index_value()) {
        return {};  // secondary indexes are rebuilt
    }
    const Offset newest = block;
    const auto check = [&](Offset offset) -> Result<void> {
        if (!can_be_version(offset)) return wrong("record {}: no version at {:#x}", id, offset);
        const VersionBlock& version = *segment_.version_at(offset);
        if (version.is_index_value()) {
            return wrong("record {}: index value in place of a version at {:#x}", id, offset);
        }
        if (version.record != id || version.name() != segment_.version_at(newest)->name()) {
            return wrong("record {}: version at {:#x} belongs to record {}, '{}'", id, offset,
                         version.record, version.name());
        }
        return {};
    };
    if (auto checked = check(block); !checked) return checked;
    constexpr std::uint32_t unpublished_max = 1U << 24;
    for (std::uint32_t steps = 0; segment_.version_at(block)->revision > published; ++steps) {
        if (steps == unpublished_max) return wrong("record {}: versions form a cycle", id);
        const Offset previous = segment_.version_at(block)->previous();
        ++unpublished;
        if (previous == 0) {
            // The version stays until it is out of the index, which reads its name.
            record.newest = block;
            record.is_stillborn = true;
            return claim(block, segment_.version_at(block)->block_bytes(), "version");
        }
        if (auto checked = check(previous); !checked) return checked;
        if (segment_.version_at(previous)->revision > segment_.version_at(block)->revision) {
            return wrong("record {}: versions are not in order", id);
        }
        block = previous;
    }
    record.newest = block;
    record.is_tombstone = segment_.version_at(block)->is_tombstone();
    const bool is_system = is_reserved(segment_.version_at(block)->name());
    if (record.is_tombstone) ++tombstones;
    else if (!is_system) ++live;
    const VersionBlock* newer = segment_.version_at(block);
    if (auto claimed = claim(block, newer->block_bytes(), "version"); !claimed) return claimed;
    ++versions;
    pages_met_.clear();
    if (auto walked = walk_pages(*newer, 0); !walked) return walked;
    // A version at or below the horizon hides all older ones, which may already be freed.
    while (newer->revision > horizon && newer->previous() != 0) {
        block = newer->previous();
        if (auto checked = check(block); !checked) return checked;
        const VersionBlock* older = segment_.version_at(block);
        if (older->revision > newer->revision) {
            return wrong("record {}: versions are not in order", id);
        }
        if (auto claimed = claim(block, older->block_bytes(), "version"); !claimed) {
            return claimed;
        }
        ++versions;
        replaced.push_back({block, older->block_bytes(), newer->revision});
        if (auto walked = walk_pages(*older, newer->revision); !walked) return walked;
        newer = older;
    }
    return {};
}

Result<void> Survey::walk_table() {
    // SYNC table-root: pairs with RecordTableWriter::rebuild of the former broker.
    table = {segment_.header().root.table.load(std::memory_order_acquire)};
    if (table.log2_entries() < shm::log2_table_entries_min || table.log2_entries() > 40) {
        return wrong("record table has 2^{} entries", table.log2_entries());
    }
    const std::uint64_t bytes = table.entries() * sizeof(shm::Word);
    if (auto claimed = claim(table.offset(), bytes, "record table"); !claimed) return claimed;
    high_halves.resize(table.entries());
    const auto* entries = segment_.at<shm::Word>(table.offset());
    const shm::RecordTableReader hashing(segment_);
    constexpr std::uint64_t ahead = 16;
    for (std::uint64_t place = 0; place < table.entries(); ++place) {
        if (place + ahead < table.entries()) {
            const Offset soon =
                entries[place + ahead].load(std::memory_order_relaxed) & shm::offset_mask;
            if (segment_.holds(soon, 64)) __builtin_prefetch(segment_.at<std::byte>(soon));
        }
        // SYNC table-entry: pairs with RecordTableWriter's stores in the former broker.
        const std::uint64_t entry = entries[place].load(std::memory_order_acquire);
        if (entry == shm::free_entry) continue;
        ++table_used;
        if (entry == shm::deleted_entry) continue;
        const Offset block = entry & shm::offset_mask;
        if (!can_be_version(block)) return wrong("table entry {}: no version", place);
        const VersionBlock& version = *segment_.version_at(block);
        const std::uint64_t hash = hashing.hash(version.name());
        if ((entry & ~shm::offset_mask) != shm::tag_of(hash)) {
            return wrong("table entry {}: tag does not match the name", place);
        }
        high_halves[place] = static_cast<std::uint32_t>(hash >> 32);
        if (version.record >= records.size() || records[version.record].newest == 0) {
            return wrong("table entry {}: no record {}", place, version.record);
        }
        Record& record = records[version.record];
        if (record.is_in_table()) {
            return wrong("record {} is twice in the table", version.record);
        }
        if (segment_.version_at(record.newest)->name() != version.name()) {
            return wrong("table entry {}: name differs from the record's", place);
        }
        record.place = static_cast<std::uint32_t>(place);
    }
    return check_probes();
}

/// A lookup probes from the home entry of a name to the first free entry. No free entry may
/// therefore lie between the home entry and the entry of the name.
Result<void> Survey::check_probes() const {
    const auto* entries = segment_.at<shm::Word>(table.offset());
    const auto entry_at = [entries](std::uint64_t place) {
        return entries[place].load(std::memory_order_relaxed);
    };
    const std::uint64_t count = table.entries();
    std::uint64_t since_free = 1;  // entries since the last free one, wrapping around the table's
                                   // end
    while (since_free <= count && entry_at(count - since_free) != shm::free_entry) ++since_free;
    if (since_free > count) return wrong("record table has no free entry");
    for (std::uint64_t place = 0; place < count; ++place, ++since_free) {
        const std::uint64_t entry = entry_at(place);
        if (entry == shm::free_entry) since_free = 0;
        if (entry == shm::free_entry || entry == shm::deleted_entry) continue;
        const std::uint64_t home = table.home(std::uint64_t{high_halves[place]} << 32);
        if (((place - home) & (count - 1)) >= since_free) {
            return wrong("table entry {}: a lookup of its name does not reach it", place);
        }
    }
    return {};
}

Result<void> Survey::walk_index() {
    // SYNC index-link: R1, pairs with W2 in Change::link of the former broker.
    const Offset root = segment_.header().root.index.load(std::memory_order_acquire);
    if (root == 0) return {};
    std::string last_name;
    return walk_node(root, shm::index::height_max, last_name);
}

Result<void> Survey::walk_node(Offset node, std::uint32_t level_above, std::string& last_name) {
    if (!is_in_heap(node, sizeof(shm::index::NodeHeader))) {
        return wrong("index node at {:#x} is outside the heap", node);
    }
    const shm::index::NodeHeader header = shm::index::header_at(segment_, node);
    if (!shm::index::is_plausible(segment_, node, header) || header.level >= level_above) {
        return wrong("no index node at {:#x}", node);
    }
    if (auto claimed = claim(node, header.bytes(), "index node"); !claimed) return claimed;
    ++nodes;
    if (header.level > 0) {
        return walk_children(node, header, last_name);
    }
    const shm::index::Leaf leaf(segment_, node, header);
    std::string_view common;
    for (std::uint32_t i = 0; i < leaf.count(); ++i) {
        const std::uint32_t id = leaf.ids()[i];
        if (id >= records.size() || records[id].newest == 0) {
            return wrong("index references record {}, which does not exist", id);
        }
        Record& record = records[id];
        if (record.is_in_index) return wrong("record {} is twice in the index", id);
        const std::string_view name = segment_.version_at(record.newest)->name();
        if ((!last_name.empty() && name <= last_name) || name < least_name_) {
            return wrong("index is not in order at '{}'", name);
        }
        if (i == 0) common = name.substr(0, header.skip);
        const bool has_head = name.starts_with(common) && common.size() == header.skip &&
                              leaf.heads()[i] == shm::index::head_of(name, header.skip);
        if (!has_head) return wrong("index does not reach '{}'", name);
        last_name.assign(name);
        record.is_in_index = true;
    }
    return {};
}

/// Checks the separators of an inner node: they must lie between the names of its children, and
/// their heads must match.
Result<void> Survey::walk_children(Offset node, const shm::index::NodeHeader& header,
                                   std::string& last_name) {
    const shm::index::Inner inner(segment_, node, header);
    for (std::uint32_t i = 0; i < inner.count(); ++i) {
        if (i > 0) {
            const std::string_view rest = inner.rest(i - 1);
            const std::string separator = std::string(inner.prefix()).append(rest);
            if (inner.prefix().size() != header.skip || separator <= last_name ||
                inner.heads()[i - 1] != shm::index::head_of(rest, 0)) {
                return wrong("index is not in order after '{}'", last_name);
            }
            least_name_ = separator;
        }
        // SYNC index-link: R2, pairs with W2 in Change::link of the former broker.
        const Offset below = inner.children()[i].load(std::memory_order_acquire);
        if (auto walked = walk_node(below, header.level, last_name); !walked) return walked;
    }
    return {};
}

Result<void> Survey::compare() {
    for (std::uint32_t id = 0; id < records.size(); ++id) {
        const Record& record = records[id];
        if (record.newest == 0 || record.is_stillborn || record.is_tombstone) continue;
        const std::string_view name = segment_.version_at(record.newest)->name();
        if (!record.is_in_table()) return wrong("'{}' is not in the table", name);
        if (!record.is_in_index) return wrong("'{}' is not in the index", name);
    }
    return {};
}

}  // namespace ringside::broker
