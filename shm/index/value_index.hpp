#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/segment/segment.hpp"
#include "shm/version/version.hpp"

/// Secondary indexes: which records had which value at a JSON Pointer, at which revisions.
///
/// An index is a tree over the keys of its values (the same as that over names, see
/// name_index_writer.cpp; a value takes a RecordId, whose slot leads to a block like a version's
/// with the key in place of the name), and for each value a chain of chunks of postings. A posting
/// says that a record had the value from one revision on until before another. So an index answers
/// for a snapshot without a look at the records.
///
/// Writer (the engine, for each commit before it is published):
///   W1  ends the posting of the value that a record no longer has: stores `to`
///   W2  makes the posting of the new value in a free place, whose `from` is `no_revision`: after a
///       release fence stores `to`, `record` and `from`
///   W3  once no reader is before `to`, frees the place: stores `no_revision` in `from`
/// Reader at revision S, with a pin at or below S:
///   R1  loads `ready_from` (acquire) and is content if it is at most S
///   R2  walks the values and their chunks; of each posting loads `from`, `to` and `record`, after
///       an acquire fence `from` again; the record has the value at S if both loads of `from` gave
///       the same, and from <= S < to
///   R3  looks at `life` and `ready_from` again: if they have changed, the index was being taken
///       apart, and nothing of what was read counts
/// The postings that a reader accepts are those of S:
///   1  A place is used again (W3, W2) with a revision that is not published yet. A reader that
///      takes `to` or `record` of the new use finds, by the fences, `from` changed. It passes the
///      place by, rightly: before it was freed it had ended at or before S, and the new use begins
///      after S.
///   2  A place that is not freed changes by W1 only, to a revision after S. What is true of S was
///      stored before S was published, or before `ready_from`, so that the reader knows of it.
///   3  Chunks, blocks and nodes that are taken out are retired like those of the name index: a
///      reader inside them goes on by words that lead where they led.
/// Counting need not read postings where a chunk says enough: `used` of them, `ended` of which have
/// ended, and none that begins after `newest_from`. The writer makes `changes` odd before it
/// changes any of this, and even again afterwards; a reader that finds the same even number before
/// and after has what was true at one moment. If `ended` is 0 and newest_from <= S, all that are
/// used have the value at S: whatever ended by S, or ends after that moment, is told apart by the
/// pin as in 1 and 2. An index that is being built has all postings for S once S is at or after
/// `ready_from`: each record's newest version was given to it after it had begun to take part in
/// every commit. After a take-over indexes are built anew: nothing of them has to be trusted then.
namespace ringside::shm {

inline constexpr std::uint64_t no_revision = ~0ULL;

/// 24 bytes.
struct Posting {
    Word from;        ///< Revision; `no_revision`: a free place
    Word to;          ///< Revision; `no_revision`: it is the newest
    HalfWord record;  ///< RecordId; of a free place, the next one in its chunk
    HalfWord place;   ///< its own, in its chunk
};
static_assert(sizeof(Posting) == 24);

/// Followed by its postings. For readers are `next`, `capacity` and what counting needs.
struct PostingChunk {
    Word next;  ///< Offset; 0 = the last one
    Word previous;
    Word next_with_room;
    Word previous_with_room;
    HalfWord capacity;
    HalfWord used;
    HalfWord first_free;  ///< `no_place`: none
    HalfWord value;       ///< RecordId of the value
    HalfWord changes;     ///< odd: it is being changed
    HalfWord ended;       ///< of those used
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

/// In place of the document of a value's block.
struct PostingList {
    Word first;            ///< Offset of a PostingChunk; 0 = none
    Word first_with_room;  ///< the engine's
    Word used;             ///< postings that are not free; the engine's
};
static_assert(sizeof(PostingList) == 24);

/// Where the values of a query lie.
struct ValueRange {
    std::string low{};                ///< keys from this one on
    std::optional<std::string> high;  ///< and up to this one; none: all
    bool has_low = true;              ///< whether `low` itself is among them
    bool has_high = true;

    [[nodiscard]] static ValueRange only(std::string_view key) {
        return {std::string(key), std::string(key), true, true};
    }
};

/// A reader's side of one index. The caller holds a pin at or below the revisions it asks for.
/// When that was revoked, reading ends all the same within the segment. Thread safety: immutable.
class ValueIndexReader {
public:
    ValueIndexReader(const SegmentView& segment, std::uint32_t index) noexcept;

    /// The record that defines it; none: there is no index, or not for readers at `at`.
    [[nodiscard]] std::optional<RecordId> definition(Revision at) const noexcept;

    /// How many records it has, with some that only readers of older revisions need.
    [[nodiscard]] std::uint64_t postings() const noexcept {
        return entry_->postings.load(std::memory_order_relaxed);
    }

    /// The records that have a value in the range at revision `at`, in no order, each once. None:
    /// the index does not answer for it.
    [[nodiscard]] std::optional<std::vector<RecordId>> find(const ValueRange& range,
                                                            Revision at) const;
    /// How many those are.
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

/// The postings of a value.
[[nodiscard]] inline PostingList* postings_of(const VersionBlock& value) noexcept {
    return reinterpret_cast<PostingList*>(const_cast<Byte*>(value.document().data()));
}

}  // namespace ringside::shm
