#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/engine/grid.hpp"
#include "broker/engine/work_share.hpp"
#include "broker/session/access.hpp"
#include "broker/session/declarations.hpp"
#include "broker/session/lane.hpp"
#include "broker/session/memory_account.hpp"
#include "broker/session/session_memory.hpp"

namespace ringside::broker {

/// Prefetches all cache lines of an object.
template <class T>
void prefetch_object(const T& object) noexcept {
    const auto* bytes = reinterpret_cast<const std::byte*>(&object);
    for (std::size_t at = 0; at < sizeof(T); at += cache_line_bytes) __builtin_prefetch(bytes + at);
}

/// Identifies a connection among all that a broker ever accepts; 0: none.
using ConnectionId = std::uint64_t;

/// Information about a peer whose Hello the reactor has accepted.
struct Peer {
    Credentials credentials;
    Access access;
    std::string program;          ///< display name chosen by the client
    std::string user{};           ///< user for whom it acts, as stated by the client; empty: none
    ConnectionId connection = 0;  ///< connection that sent the Hello
};

/// The broker's end of one session. Reads every word of the session's memory once and checks it.
/// Thread safety: the engine thread only.
class Session {
public:
    /// Initializes the memory, which no client has seen yet, with the session's identity.
    Session(SessionId id, std::uint32_t index, SessionMemory memory, Peer peer);

    /// Adopts a session of a former broker with its memory unchanged. REQUIRES: `resume` is called
    /// first.
    static std::unique_ptr<Session> of_former_broker(SessionId id, std::uint32_t index,
                                                     SessionMemory memory, Peer peer);

    /// Continues all lanes where the former broker stopped. `applied` returns that broker's commits
    /// of a lane. Returns false, without changes to the memory, if a lane is in a state that no
    /// broker and client can produce.
    [[nodiscard]] bool resume(const std::function<AppliedInLane(std::uint16_t lane)>& applied,
                              bool is_complete);

    /// The longest lease of the pins that are set, in ms; 0 if none is set.
    [[nodiscard]] std::uint64_t lease_ms() const noexcept;

    [[nodiscard]] SessionId id() const noexcept { return id_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
    [[nodiscard]] SessionMemory& memory() noexcept { return memory_; }
    /// The broker memory used by this session.
    [[nodiscard]] MemoryAccount& account() noexcept { return account_; }
    /// Refuses the partial messages of all lanes. Returns false if one of them does not start like
    /// a request.
    [[nodiscard]] bool refuse_messages(Errc why);

    /// The declarations of the session.
    [[nodiscard]] Declarations& declarations() noexcept { return declarations_; }
    [[nodiscard]] bool has_declared() const noexcept {
        return declarations_.has_changed(memory_.view());
    }

    /// Lanes opened by the client and adopted so far.
    [[nodiscard]] const std::vector<std::unique_ptr<Lane>>& lanes() const noexcept {
        return lanes_;
    }

    /// Adopts lanes opened by the client since the last call, up to the limit. Returns whether
    /// there are new ones.
    bool adopt_lanes();

    /// Like the functions of the lane, except that only one lane at a time can hold a large
    /// message. This bounds the memory that a client can make the broker use.
    [[nodiscard]] bool is_ready(std::size_t lane) noexcept;
    [[nodiscard]] Lane::Taken take_frame(std::size_t lane);
    void forget_message(std::size_t lane) noexcept;

    /// Number of pin slots that the client may have set.
    [[nodiscard]] std::size_t pins_used() const noexcept;
    /// Number of pins that the client holds now.
    [[nodiscard]] std::size_t pins_held() const noexcept;

    /// Prefetch the data that `needs_service` reads, in two steps.
    void prefetch_lanes() const noexcept {
        __builtin_prefetch(lanes_.data());
        __builtin_prefetch(&memory_.view().control().lanes_open);
    }
    void prefetch_service() const noexcept {
        if (lanes_.empty()) return;
        prefetch_object(*lanes_.front());
        __builtin_prefetch(&memory_.view().lane(0).client);
    }

    /// Returns whether a lane has work or is broken, or declarations must be read. Adopts lanes.
    [[nodiscard]] bool needs_service();

    /// Returns the number of lanes whose threads sleep until one of the subjects is published.
    [[nodiscard]] std::uint32_t sleepers(std::uint32_t subjects) const noexcept;

    /// Appends the pins that are set, and charges them to the account. Omits pins above
    /// `published`, which cannot be valid: a pin has no other effect than to hold memory until its
    /// lease ends.
    void collect_pins(Revision published, std::vector<HeldPin>& out);

    /// Returns the number of changes by which the slowest watch is behind.
    [[nodiscard]] std::uint64_t lag(Position head) const noexcept;

    std::uint64_t requests = 0;       ///< served so far
    bool has_committed = false;       ///< the change ring may name it
    std::size_t call_bytes = 0;       ///< of its pending calls
    std::uint64_t reviewed_ns = 0;    ///< last read of its declarations
    std::uint64_t review_due_ns = 0;  ///< earliest next read
    std::size_t next_lane = 0;        ///< where the next turn continues
    bool is_active = false;           ///< served in every turn
    std::uint64_t active_until = 0;   ///< last active turn, unless a request extends it
    WorkShare::Entry work;            ///< used by the engine

private:
    struct Former {};
    Session(SessionId id, std::uint32_t index, SessionMemory memory, Peer peer, Former) noexcept
        : id_(id), index_(index), memory_(std::move(memory)), peer_(std::move(peer)) {}

    /// Size above which a message counts as large.
    static constexpr std::size_t large_message_bytes = 1U << 20;

    [[nodiscard]] bool may_grow(std::size_t lane) const noexcept {
        return lanes_[lane]->message().size() < large_message_bytes || !large_lane_ ||
               *large_lane_ == lane;
    }
    [[nodiscard]] std::size_t lanes_open() const noexcept;

    SessionId id_;
    std::uint32_t index_;
    SessionMemory memory_;
    Peer peer_;
    MemoryAccount account_{*this};
    std::size_t pin_bytes_ = 0;  ///< charged for the pins that were set at the last pass
    Declarations declarations_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::optional<std::size_t> large_lane_;
};

}  // namespace ringside::broker
