#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/segment/segment.hpp"
#include "shm/version/version.hpp"

/// Secondary indexes: which records had which value at a JSON Pointer, at which revisions.
///
/// An index is a tree over the keys of its values, with the node format of the name index (see
/// name_index_writer.cpp). A value takes a RecordId. Its slot leads to a block like a version's,
/// with the key instead of the name. Each value has a chain of chunks of postings. A posting
/// records that a record had the value from one revision on until before another. So an index
/// answers for a snapshot without reading records.
///
/// Writer (the engine, for each commit before it is published):
///   W1  ends the posting of the value that a record no longer has: stores `to`
///   W2  writes the posting of the new value to a free place, whose `from` is `no_revision`: after
///       a release fence stores `to`, `record` and `from`
///   W3  once no reader is before `to`, frees the place: stores `no_revision` in `from`
/// Reader at revision S, with a pin at or below S:
///   R1  loads `ready_from` (acquire) and continues if it is at most S
///   R2  walks the values and their chunks; of each posting loads `from`, `to` and `record`, after
///       an acquire fence `from` again; the record has the value at S if both loads of `from` are
///       equal, and from <= S < to
///   R3  loads `life` and `ready_from` again: if they have changed, the index was being removed,
///       and the result is discarded
/// The postings that a reader accepts are those of S:
///   1  A place is reused (W3, W2) with a revision that is not published yet. A reader that loads
///      `to` or `record` of the new use detects, by the fences, that `from` has changed. It skips
///      the place, which is correct: the old posting had ended at or before S, and the new use
///      begins after S.
///   2  A place that is not freed changes by W1 only, to a revision after S. Facts about S were
///      stored before S was published, or before `ready_from`, so they are visible to the reader.
///   3  Removed chunks, blocks and nodes are retired like those of the name index: a reader inside
///      them continues by words that still lead to the same targets.
/// Counting need not read the postings of a chunk that has enough information: `used` postings, of
/// which `ended` have ended, and none begins after `newest_from`. The writer makes `changes` odd
/// before it changes any of these words, and even afterwards. A reader that loads the same even
/// number before and after has a consistent state.
/// If `ended` is 0 and newest_from <= S, all used postings have the value at S. Postings that ended
/// by S, or end after that moment, are distinguished by the pin as in 1 and 2.
/// An index that is being built has all postings for S once S is at or after `ready_from`. The
/// newest version of each record was added after the index had begun to take part in every commit.
/// After a take-over indexes are rebuilt, so their old contents need not be trusted.
namespace ringside::shm {

inline constexpr std::uint64_t no_revision = ~0ULL;

/// 24 bytes.
struct Posting {
    Word from;        ///< Revision; `no_revision` = a free place
    Word to;          ///< Revision; `no_revision` = still valid
    HalfWord record;  ///< RecordId; in a free place, the next free one
    HalfWord place;   ///< its own index in the chunk
};
static_assert(sizeof(Posting) == 24);

/// Followed by its postings. Readers use `next`, `capacity` and the words for counting.
struct PostingChunk {
    Word next;  ///< Offset; 0 = end of the chain
    Word previous;
    Word next_with_room;
    Word previous_with_room;
    HalfWord capacity;
    HalfWord used;
    HalfWord first_free;  ///< `no_place` = none
    HalfWord value;       ///< RecordId of the value
    HalfWord changes;     ///< odd while being changed
    HalfWord ended;       ///< among the used postings
    Word newest_from;     ///< Revision

    static constexpr std::uint32_t no_place = ~0U;
    static constexpr std::uint32_t capacity_max = 168;

    [[nodiscard]] Posting* postings() noexcept { return reinterpret_cast<Posting*>(this + 1); }
    [[nodiscard]] const Posting* postings() const noexcept {
        return reinterpret_cast<const Posting*>(this + 1);
    }
    static constexpr std::uint64_t bytes_of(std::uint32_t capacity) noexcept {
        return sizeof(PostingChunk) + std::uint64_t{capacity} * sizeof(Posting);
    }
};
static_assert(sizeof(PostingChunk) == 64);
static_assert(PostingChunk::bytes_of(PostingChunk::capacity_max) <= 4096);

/// Stored as the document of a value's block.
struct PostingList {
    Word first;            ///< Offset of a PostingChunk; 0 = none
    Word first_with_room;  ///< engine only
    Word used;             ///< postings that are not free; engine only
};
static_assert(sizeof(PostingList) == 24);

/// Range of the values of a query.
struct ValueRange {
    std::string low{};                ///< lowest key
    std::optional<std::string> high;  ///< highest key (inclusive); without it: no limit
    bool has_low = true;              ///< whether `low` is included
    bool has_high = true;

    [[nodiscard]] static ValueRange only(std::string_view key) {
        return {std::string(key), std::string(key), true, true};
    }
};

/// Reader's side of one index. The caller holds a pin at or below the revisions of its queries. If
/// the pin was revoked, reads still end and stay within the segment. Thread safety: immutable.
class ValueIndexReader {
public:
    ValueIndexReader(const SegmentView& segment, std::uint32_t index) noexcept;

    /// Returns the record that defines the index. Nothing if no index is usable by readers at `at`.
    [[nodiscard]] std::optional<RecordId> definition(Revision at) const noexcept;

    /// Number of postings, including those that only readers of older revisions need.
    [[nodiscard]] std::uint64_t postings() const noexcept {
        return entry_->postings.load(std::memory_order_relaxed);
    }

    /// Returns the records that have a value in the range at revision `at`, in no order, each once.
    /// Nothing if the index cannot answer for `at`.
    [[nodiscard]] std::optional<std::vector<RecordId>> find(const ValueRange& range,
                                                            Revision at) const;
    /// Returns the number of those records.
    [[nodiscard]] std::optional<std::uint64_t> count(const ValueRange& range,
                                                     Revision at) const noexcept;

private:
    [[nodiscard]] bool is_ready(Revision at) const noexcept;
    template <class Each>
    void for_each_value(const ValueRange& range, const Each& each) const;
    template <class Each>
    void for_each_chunk(const VersionBlock& value, const Each& each) const;

    SegmentView segment_;
    const IndexEntry* entry_;
    std::uint32_t life_;
};

/// "building", "ready", …
[[nodiscard]] std::string_view name(IndexState state) noexcept;

/// Returns the postings of a value.
[[nodiscard]] inline PostingList* postings_of(const VersionBlock& value) noexcept {
    return reinterpret_cast<PostingList*>(const_cast<Byte*>(value.document().data()));
}

}  // namespace ringside::shm
