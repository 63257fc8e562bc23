#pragma once

#include <atomic>
#include <optional>

#include "shm/segment/segment.hpp"

/// The change ring: a broadcast ring with one writer and any number of readers.
///
/// Protocol. Writer (the engine):
///   W1  if entry `tail` is about to be overwritten, move `tail` past it, to the first entry of a
///       later revision (release)
///   W2  stamp := busy (relaxed)
///   W3  the entry's words (release, each)
///   W4  stamp := position + 1 (release)
///   W5  head := position after the batch (release), published := revision (release)
/// Reader at cursor c, having seen `published` = S (acquire) and c < head:
///   R1  stamp == c + 1 (acquire), else lapped
///   R2  copy the words (acquire, each)
///   R3  stamp == c + 1 still (relaxed), else lapped
///   R4  the copied revision <= S, else nothing is there yet
/// Invariant: what R3 lets through is one entry, whole. A word of a later entry seen by R2 was
/// released after W2 of that entry, so R3 sees `busy` or a later stamp. Acquire and release of each
/// word take the place of fences: they cost nothing on x86 and ThreadSanitizer knows them.
/// A crash of the writer anywhere leaves either the old entry, a busy one, or a new one beyond
/// `published`: a reader uses none of the latter two. The next writer moves the head back and wipes
/// unpublished entries out. So an entry that cannot be read is gone only if the tail has passed it;
/// otherwise it was not published, and its place is written again.
namespace ringside::shm {

/// `event` changes no record: its block has a name and a document, and is no version.
enum class ChangeKind : std::uint8_t { put = 1, patch = 2, remove = 3, expire = 4, event = 5 };

/// In place of the record of an event.
inline constexpr RecordId no_record{0xffffffffU};

/// A change as readers copy it out of the ring.
struct Change {
    Position position = 0;
    Revision revision = 0;
    std::uint64_t time_ns = 0;  ///< Unix time of the commit
    Offset version = 0;         ///< the version block that the change made (a tombstone for remove)
    Offset path = 0;  ///< a PathBlock with the JSON Pointer of a patch; 0 = whole document
    ChangeKind kind = ChangeKind::put;
    RecordId record{};
    std::uint32_t name_hash = 0;
    SessionId session = 0;  ///< who asked for it; 0 = the broker
    std::uint16_t lane = 0;
    std::uint64_t command = 0;  ///< that session's number of the request
};

/// The text of a JSON Pointer in the heap.
struct PathBlock {
    std::uint32_t size = 0;
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), size};
    }
};

/// One place in the change ring; 64 bytes, one cache line.
///
///   0       8          16        24                32                   40            48 56 |
///   stamp | revision | time ns | version48, kind | record, name hash  | path48,lane | session,
///   spare   | command |
///
/// Writer: the engine thread only. Readers: any process, through a read-only mapping.
struct alignas(cache_line_bytes) ChangeEntry {
    Word stamp;
    Word words[7];

    static constexpr std::uint64_t busy = ~0ULL;
};
static_assert(sizeof(ChangeEntry) == 64);

/// The subject bits by which sleeping watchers are woken: of the low half of a mask, one stands for
/// a whole name; of the high half, one for a name's first level.
[[nodiscard]] constexpr std::uint32_t name_bit(std::uint32_t name_hash) noexcept {
    return 1U << (name_hash & 15U);
}
[[nodiscard]] std::uint32_t first_level_bit(std::string_view name) noexcept;
inline constexpr std::uint32_t every_subject = 0xffffffffU;

/// The engine's side. Not thread safe: one writer.
class ChangeRingWriter {
public:
    explicit ChangeRingWriter(const SegmentView& segment);

    [[nodiscard]] std::uint64_t capacity() const noexcept { return mask_ + 1; }
    [[nodiscard]] Position head() const noexcept { return head_; }
    [[nodiscard]] Position tail() const noexcept { return tail_; }
    [[nodiscard]] bool is_empty() const noexcept { return head_ == tail_; }

    /// Revision of the oldest entry; 0 when empty.
    [[nodiscard]] Revision tail_revision() const noexcept;

    /// Goes on with what a dead broker has left: entries [tail, head) stay, and the head that
    /// readers see is this one from here on. Entries that it had begun after them, up to
    /// `appended`, are wiped out.
    void adopt(Position tail, Position head, Position appended) noexcept;

    /// W1..W4. REQUIRES: `change.position` is ignored; room was made by `make_room`.
    void append(const Change& change) noexcept;

    /// W1: moves the tail so that `entries` more fit. REQUIRES: entries <= capacity.
    void make_room(std::uint64_t entries) noexcept;

    /// Forgets the oldest entries, up to whole revisions, until the tail is at or after `position`
    /// (at most the head of what is published).
    void advance_tail(Position position) noexcept;

    /// Takes back what was appended after `head`, of a commit that is abandoned.
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

/// Any reader's side: stateless, cheap to copy. Thread safe.
class ChangeRingReader {
public:
    explicit ChangeRingReader(const SegmentView& segment);

    /// The entry at `position`, or nothing when it was overwritten or is not there (R1..R3).
    [[nodiscard]] std::optional<Change> read(Position position) const noexcept;

    [[nodiscard]] Position head() const noexcept;
    [[nodiscard]] Position tail() const noexcept;
    [[nodiscard]] std::uint64_t capacity() const noexcept { return mask_ + 1; }

    /// The first position whose revision is >= `revision`: where a watch from there begins.
    /// Nothing when the ring no longer holds all changes from `revision` on.
    [[nodiscard]] std::optional<Position> find(Revision revision) const noexcept;

private:
    [[nodiscard]] Position first_after(Revision revision, Position begin,
                                       Position end) const noexcept;

    const Header* header_;
    const ChangeEntry* entries_;
    std::uint64_t mask_;
};

}  // namespace ringside::shm
