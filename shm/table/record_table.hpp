#pragma once

#include <string_view>

#include "shm/segment/segment.hpp"

/// The record table: open addressing over 64-bit entries {16 bits of hash, 48 bits of offset}, each
/// leading straight to the newest version block of its record.
///
/// An entry's home is the top bits of the name's hash, so that a table grows in one sequential pass.
/// Entries: 0 = free, 1 = deleted (its record was removed; probing goes on), else occupied.
/// Writer (engine): stores entries with release; builds a larger table aside and then stores the
/// root. Reader: loads the root (acquire), then entries (acquire) from home until a free one.
/// REQUIRES of readers: a pin, set before the root is loaded.
namespace ringside::shm {

inline constexpr std::uint64_t free_entry = 0;
inline constexpr std::uint64_t deleted_entry = 1;

/// Hash of a name in a grid with this seed.
[[nodiscard]] std::uint64_t hash_name(std::string_view name, std::uint64_t seed) noexcept;

/// Where the table is and how large, in one word: 48 bits of offset, above them log2(entries).
struct TableRoot {
    std::uint64_t word = 0;
    static TableRoot make(Offset offset, unsigned log2_entries) noexcept {
        return {offset | (static_cast<std::uint64_t>(log2_entries) << 48)};
    }
    [[nodiscard]] Offset offset() const noexcept { return word & offset_mask; }
    [[nodiscard]] unsigned log2_entries() const noexcept { return static_cast<unsigned>(word >> 48); }
    [[nodiscard]] std::uint64_t entries() const noexcept { return 1ULL << log2_entries(); }
    [[nodiscard]] std::uint64_t home(std::uint64_t hash) const noexcept {
        return hash >> (64 - log2_entries());
    }
};

[[nodiscard]] constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept { return hash << 48; }

/// A read of the table by name. Trivial to construct.
class RecordTableReader {
public:
    explicit RecordTableReader(const SegmentView& segment) noexcept
        : base_(segment.base()), root_(&segment.header().root.table), seed_(segment.identity().hash_seed) {}

    [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept { return hash_name(name, seed_); }

    /// The newest version block of a record, published or not, tombstone or not; null if the name
    /// has no entry.
    [[nodiscard]] const VersionBlock* find(std::string_view name, std::uint64_t hash) const noexcept {
        const TableRoot root{root_->load(std::memory_order_acquire)};
        const auto* entries = reinterpret_cast<const Word*>(base_ + root.offset());
        const std::uint64_t mask = root.entries() - 1;
        for (std::uint64_t i = root.home(hash);; i = (i + 1) & mask) {
            // acquire: pairs with the engine's release of the entry; the block is whole.
            const std::uint64_t entry = entries[i].load(std::memory_order_acquire);
            if (entry == free_entry) return nullptr;
            if ((entry ^ tag_of(hash)) >> 48 != 0 || entry == deleted_entry) continue;
            const auto* block = reinterpret_cast<const VersionBlock*>(base_ + (entry & offset_mask));
            prefetch_block(block);
            if (block->name() == name) return block;
        }
    }

    /// Starts to load the entry's cache line; the first step of a batch of reads.
    void prefetch_entry(std::uint64_t hash) const noexcept {
        const TableRoot root{root_->load(std::memory_order_acquire)};
        __builtin_prefetch(base_ + root.offset() + root.home(hash) * 8);
    }

    /// Starts to load the block that `hash` probably leads to; the second step.
    void prefetch_candidate(std::uint64_t hash) const noexcept {
        const TableRoot root{root_->load(std::memory_order_acquire)};
        const auto* entries = reinterpret_cast<const Word*>(base_ + root.offset());
        const std::uint64_t mask = root.entries() - 1;
        for (std::uint64_t i = root.home(hash), probes = 0; probes < 8; i = (i + 1) & mask, ++probes) {
            const std::uint64_t entry = entries[i].load(std::memory_order_acquire);
            if (entry == free_entry) return;
            if ((entry ^ tag_of(hash)) >> 48 != 0 || entry == deleted_entry) continue;
            prefetch_block(reinterpret_cast<const VersionBlock*>(base_ + (entry & offset_mask)));
            return;
        }
    }

    /// The first lines of a block: header, name and a small document's root, all at once.
    static void prefetch_block(const VersionBlock* block) noexcept {
        const auto* line = reinterpret_cast<const char*>(block);
        __builtin_prefetch(line);
        __builtin_prefetch(line + 64);
        __builtin_prefetch(line + 128);
        __builtin_prefetch(line + 192);
    }

private:
    const std::byte* base_;
    const Word* root_;
    std::uint64_t seed_;
};

}  // namespace ringside::shm
