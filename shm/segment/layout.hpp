#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"

/// What lies where in a segment. Everything here is written by the engine thread of the one broker
/// and read by any process through a read-only mapping, unless a member says otherwise.
namespace ringside::shm {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

using Word = std::atomic<std::uint64_t>;
using HalfWord = std::atomic<std::uint32_t>;

inline constexpr std::uint64_t segment_magic = 0x3145444953474e52;  // "RNGSIDE1"
inline constexpr std::uint32_t layout_version = 5;
inline constexpr std::uint64_t span_bytes = 64ULL << 10;
inline constexpr std::uint64_t huge_page_bytes = 2ULL << 20;

/// A span of the segment's address range.
struct Region {
    Offset offset = 0;
    std::uint64_t bytes = 0;
    [[nodiscard]] Offset end() const noexcept { return offset + bytes; }
};

/// Life of a grid as its readers see it.
enum class GridState : std::uint32_t {
    creating = 0,   ///< not yet to be used
    serving = 1,    ///< a broker owns it, or did until it died
    stopped = 2,    ///< its broker ended in order; the segment's name is gone
    abandoned = 3,  ///< its broker died and another one has replaced it by a new segment
};

/// What a reader needs before it can find anything; written once, before `magic`.
struct Identity {
    Word magic;                     ///< release-stored last: who sees it may read the rest
    std::uint32_t layout = 0;       ///< `layout_version` of the broker's build
    std::uint32_t flags = 0;        ///< Identity::asymmetric_fence
    std::uint64_t fingerprint = 0;  ///< `layout_fingerprint()` of the broker's build
    std::uint64_t segment_bytes = 0;
    std::uint64_t boot_id = 0;       ///< random, one for each segment
    std::uint64_t hash_seed = 0;     ///< of the record table: names come from outside
    std::uint64_t created_ns = 0;    ///< Unix time
    std::uint64_t ring_entries = 0;  ///< a power of two
    std::array<char, 72> grid_name{};
    Region sessions;  ///< SessionEntry[limits::sessions_max]
    Region spans;     ///< SpanEntry for each 64 KiB of the heap
    Region ring;      ///< ChangeEntry[ring_entries]
    Region slots;     ///< Slot[], indexed by RecordId
    Region heap;

    /// Broker and host can do `membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)`.
    static constexpr std::uint32_t asymmetric_fence = 1;
};

/// The words that change with every batch of commits; one cache line, stored in this order.
struct alignas(cache_line_bytes) CommitLine {
    Word head;       ///< Position after the newest change
    Word published;  ///< Revision that readers may see; its low half is the futex word of watchers
};

struct alignas(cache_line_bytes) HorizonLine {
    Word horizon;     ///< Revision below which no snapshot may be opened any more
    Word generation;  ///< +1 at each take-over; beside the horizon, which every pin looks at
};

struct alignas(cache_line_bytes) TailLine {
    Word tail;           ///< Position of the oldest entry still in the ring (== head: empty)
    Word tail_revision;  ///< Revision of the entry at `tail`; 0 when the ring is empty
    Word base;  ///< Revision that this segment began with: the ring has never held changes up to it
};

struct alignas(cache_line_bytes) RootLine {
    Word table;             ///< Record table, packed by `TableRoot`
    Word index;             ///< Offset of the index's root node; 0 = no names
    HalfWord index_height;  ///< unused levels below the root; for inspection only
    HalfWord slots_backed;  ///< slots from here on were never used
    HalfWord index_lives;   ///< the newest `IndexEntry::life`
};

/// How far a secondary index is.
enum class IndexState : std::uint32_t {
    none = 0,
    building = 1,   ///< readers go without it
    ready = 2,      ///< to readers at `ready_from` and later
    suspended = 3,  ///< there was no memory for it: it is built again when there is
};

/// A secondary index, see shm/index/value_index.hpp.
struct alignas(cache_line_bytes) IndexEntry {
    HalfWord life;    ///< tells it from others that have had its place; 0 = there is none
    HalfWord record;  ///< RecordId of the record that defines it
    HalfWord state;   ///< IndexState
    HalfWord reserved;
    Word ready_from;  ///< Revision; the largest number: it is not ready
    Word root;        ///< of the tree over its values; 0 = none
    Word values;      ///< different ones
    Word postings;    ///< records in them, with those that only readers of old revisions need
    Word bytes;       ///< memory of values and postings
};
static_assert(sizeof(IndexEntry) == 64);

struct alignas(cache_line_bytes) BrokerLine {
    HalfWord asleep;    ///< 1: the engine sleeps, a writer has to ring the eventfd. Futex-free.
    HalfWord state;     ///< GridState
    Word heartbeat_ns;  ///< Unix time, about ten times a second while the broker lives
    Word durable;       ///< Revision up to which everything is on disk; 0 without a store
    HalfWord broker_pid;
    HalfWord sessions_given;  ///< the newest SessionId: no other session had it or will have it
    /// When the process `broker_pid` was started, in ticks since boot; 0: it has released the grid.
    Word broker_start;
};

/// What the store of the grid is doing; for `inspect`, and for the next broker.
struct alignas(cache_line_bytes) StoreLine {
    Word id;               ///< of the store that has followed this segment; 0 = none so far
    HalfWord is_failing;   ///< 1: no writes are taken, for the reason below
    HalfWord is_detached;  ///< 1: the broker was started without the store, which falls behind
    std::array<Word, 24> reason;

    /// Whether a store follows the segment now.
    [[nodiscard]] bool is_followed() const noexcept {
        return id.load(std::memory_order_relaxed) != 0 &&
               is_detached.load(std::memory_order_relaxed) == 0;
    }

    /// Shows why the store fails; empty: it works. What is too long is cut.
    void show(std::string_view text) noexcept;
    /// Empty when it works. May be of two failures in part, when it is just being changed.
    [[nodiscard]] std::string failure() const;
};

/// What `inspect` shows; written with relaxed stores once per batch.
struct alignas(cache_line_bytes) Counters {
    Word records;           ///< live records, without those of the grid itself
    Word tombstones;        ///< deleted records whose memory still waits
    Word heap_bytes_used;   ///< bytes of allocated blocks, rounded to their size classes
    Word heap_bytes_spans;  ///< bytes of the spans that hold them
    Word table_entries;     ///< capacity of the record table
    Word table_used;        ///< entries in use or marked deleted
    Word slots_used;
    Word retired_blocks;  ///< replaced blocks that wait for the horizon
    Word retired_bytes;
    Word commits;
    Word changes;
    Word refused;  ///< requests answered with an error
    Word wakes;    ///< futex wakes for watchers
    Word sessions_open;
    Word sessions_total;
    Word pins_revoked;
    Word busy_ns;  ///< of the engine's thread: in turns that found something to do
    Word events;
    Word calls;
    Word calls_under_way;
    Word answers_late;  ///< dropped: the call had been answered, cancelled or given to another
    Word providers;
    Word listeners;
    Word subjects_provided;
    Word session_bytes;    ///< of the broker's private memory that sessions cause
    Word memory_refusals;  ///< unfinished requests that were refused for their memory
    Word memory_closures;  ///< sessions that were closed for their memory
    /// Requests answered with an error, by the number of its code (Errc).
    std::array<Word, limits::refusal_codes> refused_by_code;
};
static_assert(static_cast<std::size_t>(Errc::system_error) < limits::refusal_codes);

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
    HalfWord id;  ///< SessionId; 0 = free. Stored last when opened, first when closed.
    HalfWord pid;
    HalfWord uid;
    HalfWord gid;
    HalfWord role;  ///< Role, as its number
    HalfWord lanes;
    Word opened_ns;
    Word requests;  ///< served so far
    Word lag;       ///< changes that its slowest watch is behind; sampled a few times a second
    /// Pins at revisions below this one were revoked: what was read under them may not be whole.
    Word revoked_below;
    /// The longest lease of its pins, in ms: how long the next broker waits for it to come back.
    Word lease_ms;
    std::array<char, limits::session_name_bytes_max> name{};
};
static_assert(sizeof(SessionEntry) == 128);

/// What a 64 KiB span of the heap holds; the allocator's own lists are in the broker's private
/// memory, this is what a take-over and `inspect` need.
struct SpanEntry {
    std::atomic<std::uint16_t> size_class;  ///< 0 = free, `large_first`, `large_rest`, or class + 1
    std::atomic<std::uint16_t> used;        ///< blocks in use, or for `large_first` unused
    static constexpr std::uint16_t large_first = 0xffff;
    static constexpr std::uint16_t large_rest = 0xfffe;
};
static_assert(sizeof(SpanEntry) == 4);

/// Where a record's versions start, for those who come by the index instead of by name.
struct Slot {
    Word newest;  ///< Offset of the newest version block; 0 = no record
};
static_assert(sizeof(Slot) == 8);

/// Same for two builds if they lay shared memory out in the same way.
std::uint64_t layout_fingerprint() noexcept;

}  // namespace ringside::shm
