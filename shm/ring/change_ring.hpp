#pragma once

#include <atomic>
#include <optional>

#include "shm/segment/segment.hpp"

/// The change ring: a broadcast ring with one writer and any number of readers.
///
/// Protocol. Writer (the engine):
///   W1  if entry `tail` is about to be overwritten, move `tail` past it and past all entries of
///       its revision (release), so that the ring never begins in the middle of a revision
///   W2  stamp := busy (relaxed)
///   W3  the entry's words (release, each)
///   W4  stamp := position + 1 (release)
///   W5  after a batch of one or more whole revisions: head := position after its last entry
///       (release), then published := its last revision (release)
/// Reader at cursor c, having loaded `published` = S and after that a head > c (acquire, both):
///   R1  stamp == c + 1 (acquire), else unreadable
///   R2  copy the words (acquire, each)
///   R3  stamp == c + 1 still (relaxed), else unreadable
///   R4  the copied revision <= S, else the entry does not exist yet
/// Invariant: the words that pass R1 to R4 are those of one complete entry. If R2 sees a word of a
/// later position, that word was released after W2, so R3 sees `busy` or a later stamp. After a
/// rollback or a take-over, an unpublished entry is replaced at its own position, with the same
/// stamp. R3 can pass a mixture of the two entries, but R4 rejects it. Only a reader that loaded
/// the head of a dead broker can meet the mixture. That reader had loaded S before, and the next
/// writer moves the head back before it publishes. So both entries have revisions above S. Acquire
/// and release of each word replace fences: they cost nothing on x86, and ThreadSanitizer
/// understands them.
/// A crash of the writer at any point leaves the old entry, a busy one, or a new one above
/// `published`. A reader uses neither of the latter two. The next writer moves the head back, and
/// then marks unpublished entries as busy. If an entry is unreadable and the tail has passed it, it
/// was overwritten: the reader is lapped. Otherwise the entry is unpublished, or the new tail is
/// not visible yet: the reader tries again later.
namespace ringside::shm {

/// `event` changes no record: its block has a name and a document, and is not a version.
enum class ChangeKind : std::uint8_t { put = 1, patch = 2, remove = 3, expire = 4, event = 5 };

/// Stored instead of the record of an event.
inline constexpr RecordId no_record{0xffffffffU};

/// A change as readers copy it from the ring.
struct Change {
    Position position = 0;
    Revision revision = 0;
    std::uint64_t time_ns = 0;  ///< Unix time of the commit
    Offset version = 0;         ///< the version block that the change made (a tombstone for remove)
    Offset path = 0;            ///< PathBlock with a patch's JSON Pointer; 0 = whole document
    ChangeKind kind = ChangeKind::put;
    RecordId record{};
    std::uint32_t name_hash = 0;
    SessionId session = 0;  ///< session of the request; 0 = the broker
    std::uint16_t lane = 0;
    std::uint64_t command = 0;  ///< number of the request in that lane
};

/// Text of a JSON Pointer in the heap.
struct PathBlock {
    std::uint32_t size = 0;
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), size};
    }
};

/// One entry of the change ring; 64 bytes, one cache line.
///
///   0       8          16     24             32            40          48              56
///   | stamp | revision | time | version,kind | record,hash | path,lane | session,spare | command |
///
/// The fields are those of Change. Of two fields in a word, the first has the low bits: 48 for the
/// offsets `version` and `path`, 32 for `record` and `session`. `hash` is the name hash, 32 bits.
///
/// Writer: the engine thread only. Readers: any process, through a read-only mapping.
struct alignas(cache_line_bytes) ChangeEntry {
    Word stamp;
    Word words[7];

    static constexpr std::uint64_t busy = ~0ULL;
};
static_assert(sizeof(ChangeEntry) == 64);

/// Subject bits by which sleeping watchers are woken. Bits in the low half of a mask stand for
/// whole names, bits in the high half for first levels.
[[nodiscard]] constexpr std::uint32_t name_bit(std::uint32_t name_hash) noexcept {
    return 1U << (name_hash & 15U);
}
[[nodiscard]] std::uint32_t first_level_bit(std::string_view name) noexcept;
inline constexpr std::uint32_t every_subject = 0xffffffffU;

/// Engine's side. Thread safety: none, one writer.
class ChangeRingWriter {
public:
    explicit ChangeRingWriter(const SegmentView& segment);

    [[nodiscard]] std::uint64_t capacity() const noexcept { return mask_ + 1; }
    [[nodiscard]] Position head() const noexcept { return head_; }
    [[nodiscard]] Position tail() const noexcept { return tail_; }
    [[nodiscard]] bool is_empty() const noexcept { return head_ == tail_; }

    /// Returns the revision of the oldest entry; 0 if the ring is empty.
    [[nodiscard]] Revision tail_revision() const noexcept;

    /// Continues the ring of a dead broker: entries [tail, head) remain, and `head` becomes the
    /// head that readers see. Erases unpublished entries up to `appended`, inclusive.
    void adopt(Position tail, Position head, Position appended) noexcept;

    /// W1..W4. Ignores `change.position`. REQUIRES: `make_room` has made room.
    void append(const Change& change) noexcept;

    /// W1: moves the tail so that `entries` more fit. REQUIRES: entries <= capacity.
    void make_room(std::uint64_t entries) noexcept;

    /// Discards the oldest entries, in whole revisions, until the tail is at or after `position`
    /// (at most the head of the published entries).
    void advance_tail(Position position) noexcept;

    /// Removes the entries after `head`, of a commit that is abandoned.
    void rewind(Position head) noexcept;

    /// W5.
    void publish(Revision revision) noexcept;

private:
    [[nodiscard]] ChangeEntry& entry(Position position) const noexcept {
        return entries_[position & mask_];
    }
    [[nodiscard]] Revision revision_at(Position position) const noexcept;
    void store_tail() noexcept;

    Header* header_;
    ChangeEntry* entries_;
    std::uint64_t mask_;
    Position head_ = 0;
    Position tail_ = 0;
};

/// Reader's side: stateless, cheap to copy. Thread safe.
class ChangeRingReader {
public:
    explicit ChangeRingReader(const SegmentView& segment);

    /// Returns the entry at `position`; nothing if it was overwritten or does not exist (R1..R3).
    [[nodiscard]] std::optional<Change> read(Position position) const noexcept;

    [[nodiscard]] Position head() const noexcept;
    [[nodiscard]] Position tail() const noexcept;
    [[nodiscard]] std::uint64_t capacity() const noexcept { return mask_ + 1; }

    /// Returns the first position whose revision is >= `revision`, where a watch from there begins.
    /// Nothing if the ring no longer holds all changes from `revision` on.
    [[nodiscard]] std::optional<Position> find(Revision revision) const noexcept;

private:
    [[nodiscard]] Position first_after(Revision revision, Position begin,
                                       Position end) const noexcept;

    const Header* header_;
    const ChangeEntry* entries_;
    std::uint64_t mask_;
};

}  // namespace ringside::shm
