#pragma once

#include <array>
#include <atomic>

#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"
#include "shm/lane/declaration.hpp"
#include "shm/segment/layout.hpp"

/// Layout of the memory of a session. The memory is a memfd that the broker creates, sizes and
/// seals. The broker and one client process map it read-write. The broker treats every byte of it
/// as hostile. It reads a word once into a local, checks it, then uses it. It keeps its own copy of
/// every index that it writes.
///
///   | SessionControl | PinSlot[] | Declaration[] | lane 0 | lane 1 | ... |
///   lane: | LaneControl, Claims | request ring | reply ring |
///
/// The memory is sparse: a lane that was never opened uses none.
namespace ringside::shm {

inline constexpr std::uint64_t session_magic = 0x3153454d53474e52;  // "RNGSMES1"
inline constexpr std::uint64_t request_ring_bytes = 256ULL << 10;   ///< power of two
inline constexpr std::uint64_t reply_ring_bytes = 64ULL << 10;      ///< power of two

/// A cleared pin.
inline constexpr std::uint64_t no_pin = 0;

/// A pinned revision S is stored as S + 1, so that revision 0 can be pinned and zeroed memory has
/// no pin.
constexpr std::uint64_t pin_word(Revision revision) noexcept { return revision + 1; }

/// Writer: the broker before it passes the memory on; from `lanes_open` on, the client.
///
/// At each publication the engine reads one cache line of every session, even an idle one, if the
/// session has up to eight lanes.
struct alignas(cache_line_bytes) SessionControl {
    std::uint64_t magic = 0;
    SessionId session = 0;
    std::uint32_t session_index = 0;  ///< of the SessionEntry in the segment
    HalfWord lanes_open;              ///< the broker polls lanes 0..lanes_open-1; only grows
    HalfWord pins_used;               ///< pin slots 0..pins_used-1 may be set; only grows
    HalfWord declarations_used;     ///< declarations from here on have never been used; only grows
    HalfWord declarations_changed;  ///< +1 after each change of a declaration
    /// Per lane: the subjects for which its thread sleeps on `published`; 0 = not asleep.
    std::array<HalfWord, limits::lanes_per_session_max> watch_masks;
};

/// Pin of a snapshot or a watch. Writer: the client. Reader: the engine.
struct alignas(cache_line_bytes) PinSlot {
    Word pin;       ///< `pin_word(revision)` or `no_pin`
    Word cursor;    ///< of a watch: position + 1, for the lag shown by `inspect`; otherwise 0
    Word lease_ms;  ///< maximum time of the pin; 0 = the default
};

/// Identifies the word on which the client thread of a lane sleeps. The thread stores this value
/// (seq_cst), checks again, sleeps, and stores `nothing` when it is awake; see shm/wait/futex.hpp.
enum class SleepsOn : std::uint32_t {
    nothing = 0,
    reply_tail = 1,    ///< waits for a reply
    request_head = 2,  ///< waits for room in the request ring
};

/// Control words of a lane. A lane belongs to one client thread at a time.
struct LaneControl {
    // Written by the client.
    struct alignas(cache_line_bytes) ClientLine {
        HalfWord request_tail;  ///< bytes ever written to the request ring, modulo 2^32
        HalfWord reply_asleep;  ///< SleepsOn: what the client's futex waits for
        Word sent;              ///< number of the last request that is complete in the ring
    } client;
    struct alignas(cache_line_bytes) ClientReplyLine {
        HalfWord reply_head;  ///< bytes ever taken from the reply ring
    } client_reply;
    struct alignas(cache_line_bytes) PinLine {
        Word pin;  ///< of the `get` in progress
    } pin;
    // Written by the broker.
    struct alignas(cache_line_bytes) BrokerLine {
        HalfWord request_head;  ///< bytes ever taken from the request ring; futex word
        /// Low half of the number of the last request whose commit was started. The entries of that
        /// request may have left the change ring when a next broker asks for its outcome.
        HalfWord begun;
    } broker;
    struct alignas(cache_line_bytes) BrokerReplyLine {
        HalfWord reply_tail;  ///< bytes ever written to the reply ring; futex word
        HalfWord answered;  ///< low half of the number of the last request whose reply is complete
        /// Stores both at once, so that the next broker knows which replies are in the ring.
        void store(std::uint32_t tail, std::uint64_t number) noexcept {
            // SYNC lane-reply-tail: pairs with C1: the frames before the tail are complete, and the
            // revision that a reply names is published.
            reinterpret_cast<Word&>(*this).store(tail | (number << 32), std::memory_order_release);
        }
    } broker_reply;
};
static_assert(sizeof(LaneControl) == 5 * cache_line_bytes);

/// Ownership of the calls that are offered to a lane: one word each, at the index that the offer
/// names. It decides between two processes, either of which may be slow or dead, whether an offer
/// was taken or withdrawn:
///   B1  broker: word := offered(id), before the offer becomes visible
///   P1  provider, when it reaches the offer: exchanges offered(id) for taken(id); if that fails,
///       the offer was withdrawn, and the provider skips it
///   B2  broker, after the accept timeout or the end of the provider's process: exchanges
///       offered(id) for `free`; if that fails the call is taken
/// Invariant: a call is offered to another provider only after B2 has succeeded, or if it is
/// idempotent. So no other call is carried out twice. A broker that takes over sets all words to
/// `free`, which withdraws the offers of its predecessor. A provider that writes wrong words loses
/// only its own calls.
struct alignas(cache_line_bytes) Claims {
    std::array<Word, limits::calls_per_provider_max> words;

    static constexpr std::uint64_t free = 0;
    static constexpr std::uint64_t offered(std::uint64_t id) noexcept { return id << 1; }
    static constexpr std::uint64_t taken(std::uint64_t id) noexcept { return id << 1 | 1; }
};

inline constexpr std::uint64_t claims_offset = 1024;  ///< after the LaneControl
inline constexpr std::uint64_t lane_control_bytes = 4096;
static_assert(sizeof(LaneControl) <= claims_offset &&
              claims_offset + sizeof(Claims) <= lane_control_bytes);
inline constexpr std::uint64_t lane_bytes =
    lane_control_bytes + request_ring_bytes + reply_ring_bytes;
inline constexpr std::uint64_t session_pins_offset = 4096;
static_assert(sizeof(SessionControl) <= session_pins_offset);
inline constexpr std::uint64_t session_declarations_offset =
    align_up(session_pins_offset + limits::pins_per_session_max * sizeof(PinSlot), 4096);
inline constexpr std::uint64_t session_lanes_offset = align_up(
    session_declarations_offset + limits::declarations_per_session_max * sizeof(Declaration), 4096);
inline constexpr std::uint64_t session_memory_bytes =
    session_lanes_offset + limits::lanes_per_session_max * lane_bytes;

/// Computes addresses inside a session's memory. A view.
class SessionMemoryView {
public:
    SessionMemoryView() = default;
    explicit SessionMemoryView(std::byte* base) noexcept : base_(base) {}

    [[nodiscard]] SessionControl& control() const noexcept {
        return *reinterpret_cast<SessionControl*>(base_);
    }
    [[nodiscard]] PinSlot& pin(std::size_t i) const noexcept {
        return reinterpret_cast<PinSlot*>(base_ + session_pins_offset)[i];
    }
    [[nodiscard]] Declaration& declaration(std::size_t i) const noexcept {
        return reinterpret_cast<Declaration*>(base_ + session_declarations_offset)[i];
    }
    [[nodiscard]] Claims& claims(std::size_t lane) const noexcept {
        return *reinterpret_cast<Claims*>(lane_base(lane) + claims_offset);
    }
    [[nodiscard]] LaneControl& lane(std::size_t i) const noexcept {
        return *reinterpret_cast<LaneControl*>(lane_base(i));
    }
    [[nodiscard]] std::byte* request_ring(std::size_t i) const noexcept {
        return lane_base(i) + lane_control_bytes;
    }
    [[nodiscard]] std::byte* reply_ring(std::size_t i) const noexcept {
        return lane_base(i) + lane_control_bytes + request_ring_bytes;
    }
    [[nodiscard]] std::byte* base() const noexcept { return base_; }

private:
    [[nodiscard]] std::byte* lane_base(std::size_t i) const noexcept {
        return base_ + session_lanes_offset + i * lane_bytes;
    }
    std::byte* base_ = nullptr;
};

}  // namespace ringside::shm
