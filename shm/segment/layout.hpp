#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"

/// Layout of a segment. Everything is written by the engine thread of the only broker and read by
/// any process through a read-only mapping, unless a member says otherwise.
namespace ringside::shm {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

using Word = std::atomic<std::uint64_t>;
using HalfWord = std::atomic<std::uint32_t>;

inline constexpr std::uint64_t segment_magic = 0x3145444953474e52;  // "RNGSIDE1"
inline constexpr std::uint32_t layout_version = 6;
inline constexpr std::uint64_t span_bytes = 64ULL << 10;
inline constexpr std::uint64_t huge_page_bytes = 2ULL << 20;

/// A part of the segment's address range.
struct Region {
    Offset offset = 0;
    std::uint64_t bytes = 0;
    [[nodiscard]] Offset end() const noexcept { return offset + bytes; }
};

/// State of a grid as readers see it.
enum class GridState : std::uint32_t {
    creating = 0,   ///< not usable yet
    serving = 1,    ///< a broker owns it, or owned it until it died
    stopped = 2,    ///< its broker ended normally; the segment's name is removed
    abandoned = 3,  ///< its broker died, and another one has created a new segment
};

/// Data that a reader needs to find everything else; written once, before `magic`.
struct Identity {
    Word magic;                ///< stored last (release): a reader that sees it may read the rest
    std::uint32_t layout = 0;  ///< `layout_version` of the broker's build
    std::uint32_t flags = 0;   ///< Identity::asymmetric_fence
    std::uint64_t fingerprint = 0;  ///< `layout_fingerprint()` of the broker's build
    std::uint64_t segment_bytes = 0;
    std::uint64_t boot_id = 0;       ///< random, unique per segment
    std::uint64_t hash_seed = 0;     ///< of the record table, because names come from outside
    std::uint64_t created_ns = 0;    ///< Unix time
    std::uint64_t ring_entries = 0;  ///< a power of two
    std::array<char, 72> grid_name{};
    Region sessions;  ///< SessionEntry[limits::sessions_max]
    Region spans;     ///< SpanEntry for each 64 KiB of the heap
    Region writers;   ///< EndedWriterEntry[], see shm/ring/ended_writers.hpp
    Region ring;      ///< ChangeEntry[ring_entries]
    Region slots;     ///< Slot[], indexed by RecordId
    Region heap;

    /// Broker and host support `membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)`.
    static constexpr std::uint32_t asymmetric_fence = 1;
};

/// Words that change with every batch of commits; one cache line, stored in this order.
struct alignas(cache_line_bytes) CommitLine {
    Word head;       ///< Position after the newest change
    Word published;  ///< newest visible Revision; the low half is the futex word of watchers
};

struct alignas(cache_line_bytes) HorizonLine {
    Word horizon;     ///< Revision below which no snapshot can be opened
    Word generation;  ///< +1 at each take-over; in the line of the horizon, which every pin reads
};

struct alignas(cache_line_bytes) TailLine {
    Word tail;           ///< Position of the oldest entry in the ring (== head: empty)
    Word tail_revision;  ///< Revision of the entry at `tail`; 0 if the ring is empty
    Word base;           ///< Revision at which this segment began: the ring has no changes up to it
};

struct alignas(cache_line_bytes) RootLine {
    Word table;             ///< Record table, packed by `TableRoot`
    Word index;             ///< Offset of the index's root node; 0 = no names
    HalfWord index_height;  ///< unused levels below the root; for inspection only
    HalfWord slots_backed;  ///< slots from here on have never been used
    HalfWord index_lives;   ///< the newest `IndexEntry::life`
};

/// State of a secondary index.
enum class IndexState : std::uint32_t {
    none = 0,
    building = 1,   ///< not usable by readers
    ready = 2,      ///< usable by readers at `ready_from` and later
    suspended = 3,  ///< out of memory; rebuilt when there is enough
};

/// A secondary index, see shm/index/value_index.hpp.
struct alignas(cache_line_bytes) IndexEntry {
    HalfWord life;    ///< distinguishes successive indexes of this entry; 0 = none
    HalfWord record;  ///< RecordId of the record that defines it
    HalfWord state;   ///< IndexState
    HalfWord reserved;
    Word ready_from;  ///< Revision; the largest number = not ready
    Word root;        ///< of the tree over its values; 0 = none
    Word values;      ///< distinct values
    Word postings;    ///< including those that only readers of old revisions need
    Word bytes;       ///< memory of values and postings
};
static_assert(sizeof(IndexEntry) == 64);

struct alignas(cache_line_bytes) BrokerLine {
    HalfWord asleep;    ///< 1 = the engine sleeps, a writer must ring the eventfd; not a futex word
    HalfWord state;     ///< GridState
    Word heartbeat_ns;  ///< Unix time, about ten times per second while the broker lives
    Word durable;       ///< Revision up to which everything is on disk; 0 without a store
    HalfWord broker_pid;
    HalfWord sessions_given;  ///< newest SessionId ever assigned
    /// Start time of the process `broker_pid`, in ticks since boot; 0 = it has released the grid.
    Word broker_start;
    Word writers_ended;  ///< number of EndedWriterEntries ever written
};

/// State of the grid's store; for `inspect`, and for the next broker.
struct alignas(cache_line_bytes) StoreLine {
    Word id;               ///< of the store that has followed this segment; 0 = none so far
    HalfWord is_failing;   ///< 1 = writes are refused, for the reason below
    HalfWord is_detached;  ///< 1 = the broker runs without the store, which falls behind
    std::array<Word, 24> reason;

    /// Returns whether a store follows the segment now.
    [[nodiscard]] bool is_followed() const noexcept {
        return id.load(std::memory_order_relaxed) != 0 &&
               is_detached.load(std::memory_order_relaxed) == 0;
    }

    /// Shows why the store fails; empty if it works. Long texts are truncated.
    void show(std::string_view text) noexcept;
    /// Returns why the store fails; empty if it works. During a change it may mix two texts.
    [[nodiscard]] std::string failure() const;
};

/// A limit of the broker whose use changes while it runs.
enum class LimitKind : std::uint32_t {
    sessions,
    user_sessions,        ///< sessions of one user who is not an admin
    waiting_connections,  ///< connections without a greeting
    session_memory,       ///< bytes of broker memory for one session
    user_memory,          ///< same, for all sessions of one user
    sessions_memory,      ///< same, for all sessions
    bookkeeping_memory,   ///< bytes of broker memory for replaced blocks and expiry times
    expiry_memory,        ///< the part of it that expiry times use
    calls,
    subjects,        ///< names offered to listeners
    subject_memory,  ///< bytes of broker memory for these names
};
inline constexpr std::size_t limit_kinds = 11;
static_assert(static_cast<std::size_t>(LimitKind::subject_memory) + 1 == limit_kinds);

/// Returns the name that `inspect` shows, e.g. "user_memory_bytes".
std::string_view name(LimitKind kind) noexcept;

/// A limit and its use, for `inspect`. Writer: the reactor thread for the first three kinds, the
/// engine thread for the others; relaxed stores, a few times per second.
struct LimitEntry {
    Word value;
    Word in_use;   ///< of the session or user with the highest use, for limits of one of them
    Word refused;  ///< how often the limit has refused or ended something since the broker started

    void show(std::uint64_t limit, std::uint64_t use, std::uint64_t refusals) noexcept {
        value.store(limit, std::memory_order_relaxed);
        in_use.store(use, std::memory_order_relaxed);
        refused.store(refusals, std::memory_order_relaxed);
    }
};
static_assert(sizeof(LimitEntry) == 24);

/// Counters for `inspect`; written with relaxed stores once per batch.
struct alignas(cache_line_bytes) Counters {
    Word records;           ///< live records, without system records
    Word tombstones;        ///< deleted records whose memory is not reclaimed yet
    Word heap_bytes_used;   ///< bytes of allocated blocks, rounded to their size classes
    Word heap_bytes_spans;  ///< bytes of the spans that hold them
    Word table_entries;     ///< capacity of the record table
    Word table_used;        ///< entries in use or marked deleted
    Word slots_used;
    Word retired_blocks;  ///< replaced blocks that wait for the horizon
    Word retired_bytes;
    Word commits;
    Word changes;
    Word refused;  ///< requests that were answered with an error
    Word wakes;    ///< futex wakes for watchers
    Word sessions_open;
    Word sessions_total;
    Word pins_revoked;
    Word busy_ns;  ///< of the engine thread: in turns that had work to do
    Word events;
    Word calls;
    Word calls_under_way;
    Word answers_late;  ///< dropped: the call was already answered, cancelled or reassigned
    Word providers;
    Word listeners;
    Word subjects_provided;
    Word session_bytes;    ///< private memory of the broker charged to sessions
    Word memory_refusals;  ///< unfinished requests that were refused to limit memory
    Word memory_closures;  ///< sessions that were closed to limit memory
    /// Requests answered with an error, by the number of the code (Errc).
    std::array<Word, limits::refusal_codes> refused_by_code;
    std::array<LimitEntry, limit_kinds> limit_entries;  ///< by LimitKind

    [[nodiscard]] LimitEntry& limit(LimitKind kind) noexcept {
        return limit_entries[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] const LimitEntry& limit(LimitKind kind) const noexcept {
        return limit_entries[static_cast<std::size_t>(kind)];
    }
};
static_assert(static_cast<std::size_t>(errc_last) < limits::refusal_codes);

struct Header {
    Identity identity;
    CommitLine commit;
    HorizonLine horizon;
    TailLine tail;
    RootLine root;
    BrokerLine broker;
    StoreLine store;
    Counters counters;
    std::array<IndexEntry, limits::indexes_max> indexes;
};
static_assert(sizeof(Header) <= 4096);

/// A session as the broker sees it.
struct alignas(cache_line_bytes) SessionEntry {
    HalfWord id;  ///< SessionId; 0 = free. Stored last on opening, first on closing.
    HalfWord pid;
    HalfWord uid;
    HalfWord gid;
    HalfWord role;  ///< Role, as a number
    HalfWord lanes;
    Word opened_ns;
    Word requests;  ///< served so far
    Word lag;       ///< changes by which its slowest watch lags; sampled a few times per second
    /// Pins below this revision were revoked: values read under them may be invalid.
    Word revoked_below;
    /// Longest lease of its pins, in ms: how long the next broker waits for the session to resume.
    Word lease_ms;
    std::array<char, limits::session_name_bytes_max> name{};
};
static_assert(sizeof(SessionEntry) == 128);

/// Contents of a 64 KiB span of the heap, for a take-over and `inspect`. The allocator's own lists
/// are in the broker's private memory.
struct SpanEntry {
    std::atomic<std::uint16_t> size_class;  ///< 0 = free, `large_first`, `large_rest`, or class + 1
    std::atomic<std::uint16_t> used;        ///< blocks in use; not used for `large_first`
    static constexpr std::uint16_t large_first = 0xffff;
    static constexpr std::uint16_t large_rest = 0xfffe;
};
static_assert(sizeof(SpanEntry) == 4);

/// Entry to a record's versions, for readers that come from an index instead of by name.
struct Slot {
    Word newest;  ///< Offset of the newest version block; 0 = no record
};
static_assert(sizeof(Slot) == 8);

/// Equal for two builds if they lay out shared memory identically.
std::uint64_t layout_fingerprint() noexcept;

}  // namespace ringside::shm
