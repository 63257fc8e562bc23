#pragma once

#include <string_view>

#include "shm/segment/segment.hpp"

/// The record table: open addressing over 64-bit entries {16 bits of hash, 48 bits of offset}. Each
/// entry leads directly to the newest version block of its record.
///
/// The home of an entry is given by the top bits of the name's hash, so a table grows in one
/// sequential pass. Entries: 0 = free, 1 = deleted (probing continues), otherwise occupied.
/// Writer (engine): stores entries with release; builds a larger table aside and then stores the
/// root. Reader: loads the root (acquire), then entries (acquire) from the home to the first free
/// one.
/// REQUIRES of readers: a pin, set before the root is loaded.
namespace ringside::shm {

inline constexpr std::uint64_t free_entry = 0;
inline constexpr std::uint64_t deleted_entry = 1;

/// Returns the hash of a name in a grid with this seed.
[[nodiscard]] std::uint64_t hash_name(std::string_view name, std::uint64_t seed) noexcept;

/// Size of the smallest table.
inline constexpr unsigned log2_table_entries_min = 10;

/// Location and size of the table in one word: 48 bits of offset, above them log2(entries).
struct TableRoot {
    std::uint64_t word = 0;
    static TableRoot make(Offset offset, unsigned log2_entries) noexcept {
        return {offset | (static_cast<std::uint64_t>(log2_entries) << 48)};
    }
    [[nodiscard]] Offset offset() const noexcept { return word & offset_mask; }
    [[nodiscard]] unsigned log2_entries() const noexcept {
        return static_cast<unsigned>(word >> 48);
    }
    [[nodiscard]] std::uint64_t entries() const noexcept { return 1ULL << log2_entries(); }
    [[nodiscard]] std::uint64_t home(std::uint64_t hash) const noexcept {
        return hash >> (64 - log2_entries());
    }
};

[[nodiscard]] constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept { return hash << 48; }

/// Reads the table by name. Trivial to construct.
class RecordTableReader {
public:
    explicit RecordTableReader(const SegmentView& segment) noexcept
        : segment_(segment),
          root_(&segment.header().root.table),
          seed_(segment.identity().hash_seed) {}

    [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept {
        return hash_name(name, seed_);
    }

    /// Returns the newest version block of a record, also if it is unpublished or a tombstone; null
    /// if the name has no entry.
    [[nodiscard]] const VersionBlock* find(std::string_view name,
                                           std::uint64_t hash) const noexcept {
        const Probe probe(*this, hash);
        for (std::uint64_t i = 0; i < probe.entries; ++i) {
            const std::uint64_t entry = probe.entry(i);
            if (entry == free_entry) return nullptr;
            if (!is_candidate(entry, hash)) continue;
            const VersionBlock* block = block_of(entry);
            if (block == nullptr) return nullptr;
            prefetch_block(block);
            if (block->name_bytes == name.size() && holds_name(block) && block->name() == name)
                return block;
        }
        return nullptr;
    }

    /// Starts loading the entry's cache line; the first step of a batch of reads.
    void prefetch_entry(std::uint64_t hash) const noexcept {
        // SYNC table-root: as in Probe.
        const TableRoot root{root_->load(std::memory_order_acquire)};
        __builtin_prefetch(segment_.base() + root.offset() + root.home(hash) * sizeof(Word));
    }

    /// Starts loading the block that `hash` probably leads to; the second step.
    void prefetch_candidate(std::uint64_t hash) const noexcept {
        constexpr std::uint64_t probes_max = 8;
        const Probe probe(*this, hash);
        for (std::uint64_t i = 0; i < probes_max; ++i) {
            const std::uint64_t entry = probe.entry(i);
            if (entry == free_entry) return;
            if (!is_candidate(entry, hash)) continue;
            if (const VersionBlock* block = block_of(entry)) prefetch_block(block);
            return;
        }
    }

    /// Returns the part of a hash that fits into a lane's frame. It has 24 bits of the home, for
    /// tables of up to 2^24 entries, and 6 bits of the tag.
    [[nodiscard]] static std::uint32_t hint_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 40) << 8 | static_cast<std::uint32_t>(hash & 63)
                                                                 << 2;
    }
    /// Both steps for a hint, which may have any value.
    void prefetch_entry_of(std::uint32_t hint) const noexcept {
        prefetch_entry(std::uint64_t{hint >> 8} << 40);
    }
    void prefetch_candidate_of(std::uint32_t hint) const noexcept {
        constexpr std::uint64_t probes_max = 4;
        const Probe probe(*this, std::uint64_t{hint >> 8} << 40);
        for (std::uint64_t i = 0; i < probes_max; ++i) {
            const std::uint64_t entry = probe.entry(i);
            if (entry == free_entry) return;
            if (((entry >> 48 ^ hint >> 2) & 63) != 0 || entry == deleted_entry) continue;
            if (const VersionBlock* block = block_of(entry)) prefetch_block(block);
            return;
        }
    }

    /// Starts loading the first lines of a block together: header, name and root of a small
    /// document.
    static void prefetch_block(const VersionBlock* block) noexcept {
        const auto* line = reinterpret_cast<const char*>(block);
        __builtin_prefetch(line);
        __builtin_prefetch(line + 64);
        __builtin_prefetch(line + 128);
        __builtin_prefetch(line + 192);
    }

private:
    /// Entries of one table, from a hash's home on.
    struct Probe {
        Probe(const RecordTableReader& reader, std::uint64_t hash) noexcept {
            // SYNC table-root: pairs with RecordTableWriter::rebuild; the table is complete.
            const TableRoot root{reader.root_->load(std::memory_order_acquire)};
            table = reinterpret_cast<const Word*>(reader.segment_.base() + root.offset());
            entries = root.entries();
            home = root.home(hash);
        }
        [[nodiscard]] std::uint64_t entry(std::uint64_t i) const noexcept {
            // SYNC table-entry: pairs with RecordTableWriter's stores; the block is complete.
            return table[(home + i) & (entries - 1)].load(std::memory_order_acquire);
        }
        const Word* table;
        std::uint64_t entries;
        std::uint64_t home;
    };

    [[nodiscard]] static bool is_candidate(std::uint64_t entry, std::uint64_t hash) noexcept {
        return (entry ^ tag_of(hash)) <= offset_mask && entry != deleted_entry;
    }

    // A reader whose pin was revoked may meet reused memory. Its caller refuses the result. Here it
    // must not read outside the segment.
    [[nodiscard]] const VersionBlock* block_of(std::uint64_t entry) const noexcept {
        const Offset offset = entry & offset_mask;
        if (!segment_.holds(offset, sizeof(VersionBlock))) return nullptr;
        return segment_.version_at(offset);
    }
    [[nodiscard]] bool holds_name(const VersionBlock* block) const noexcept {
        return segment_.holds(segment_.offset_of(block),
                              sizeof(VersionBlock) + 8 + block->name_bytes);
    }

    SegmentView segment_;
    const Word* root_;
    std::uint64_t seed_;
};

}  // namespace ringside::shm
