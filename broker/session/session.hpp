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

/// Loads all cache lines of an object.
template <class T>
void prefetch_object(const T& object) noexcept {
    const auto* bytes = reinterpret_cast<const std::byte*>(&object);
    for (std::size_t at = 0; at < sizeof(T); at += cache_line_bytes) __builtin_prefetch(bytes + at);
}

/// Names a connection among all that a broker ever accepts; 0: none.
using ConnectionId = std::uint64_t;

/// What the reactor knows of a peer whose Hello it has accepted.
struct Peer {
    Credentials credentials;
    Access access;
    std::string program;          ///< for people: as the client calls itself
    std::string user{};           ///< for whom it acts, as it says; empty: for nobody
    ConnectionId connection = 0;  ///< that greeted
};

/// The broker's end of one session. Every word of its memory is read once and checked.
/// Thread safety: the engine thread only.
class Session {
public:
    /// Writes who it is into the memory, which no client has seen yet.
    Session(SessionId id, std::uint32_t index, SessionMemory memory, Peer peer);

    /// A session that a former broker has begun, with its memory as it is. REQUIRES: `resume`
    /// before anything else.
    static std::unique_ptr<Session> of_former_broker(SessionId id, std::uint32_t index,
                                                     SessionMemory memory, Peer peer);

    /// Continues in all lanes where the former broker has stopped. `applied` gives its commits of a
    /// lane. Returns false, and has changed nothing in the memory, if no broker and client can have
    /// left a lane as it is.
    [[nodiscard]] bool resume(const std::function<AppliedInLane(std::uint16_t lane)>& applied,
                              bool is_complete);

    /// The longest lease of the pins that are set, in ms; 0: none is.
    [[nodiscard]] std::uint64_t lease_ms() const noexcept;

    [[nodiscard]] SessionId id() const noexcept { return id_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
    [[nodiscard]] SessionMemory& memory() noexcept { return memory_; }
    /// What it costs the broker.
    [[nodiscard]] MemoryAccount& account() noexcept { return account_; }
    /// Refuses the messages of which a part has come, in all lanes. Returns false if one of them
    /// does not begin as a request does.
    [[nodiscard]] bool refuse_messages(Errc why);

    /// What it wants the broker to know.
    [[nodiscard]] Declarations& declarations() noexcept { return declarations_; }
    [[nodiscard]] bool has_declared() const noexcept {
        return declarations_.has_changed(memory_.view());
    }

    /// Lanes that the client has opened so far.
    [[nodiscard]] const std::vector<std::unique_ptr<Lane>>& lanes() const noexcept {
        return lanes_;
    }

    /// Takes over lanes that the client has opened since the last call; true: there are new ones.
    /// The number is cut to what there may be.
    bool adopt_lanes();

    /// As the lane's own, but of all lanes only one at a time may hold a large message: that bounds
    /// the memory that a client can make us use.
    [[nodiscard]] bool is_ready(std::size_t lane) noexcept;
    [[nodiscard]] Lane::Taken take_frame(std::size_t lane);
    void forget_message(std::size_t lane) noexcept;

    /// Pin slots that the client may have set.
    [[nodiscard]] std::size_t pins_used() const noexcept;

    /// Load what `needs_service` is going to look at, one after the other.
    void prefetch_lanes() const noexcept {
        __builtin_prefetch(lanes_.data());
        __builtin_prefetch(&memory_.view().control().lanes_open);
    }
    void prefetch_service() const noexcept {
        if (lanes_.empty()) return;
        prefetch_object(*lanes_.front());
        __builtin_prefetch(&memory_.view().lane(0).client);
    }

    /// Whether a lane has something for the engine to do, or is broken, or declarations are to be
    /// read. Adopts lanes.
    [[nodiscard]] bool needs_service();

    /// Lanes whose threads sleep until one of the subjects is published.
    [[nodiscard]] std::uint32_t sleepers(std::uint32_t subjects) const noexcept;

    /// Appends the pins that are set. One above `published` cannot be true and is left out: what a
    /// pin can do at all is to keep memory back until its lease ends.
    void collect_pins(Revision published, std::vector<HeldPin>& out) const;

    /// How many changes its slowest watch is behind.
    [[nodiscard]] std::uint64_t lag(Position head) const noexcept;

    std::uint64_t requests = 0;       ///< served so far
    std::size_t call_bytes = 0;       ///< of its calls under way
    std::uint64_t reviewed_ns = 0;    ///< when its declarations were read last
    std::uint64_t review_due_ns = 0;  ///< when they may be read again
    std::size_t next_lane = 0;        ///< where the next turn continues
    bool is_active = false;           ///< among the sessions that every turn serves
    std::uint64_t active_until = 0;   ///< the turn, unless it asks for something until then
    WorkShare::Entry work;            ///< of the engine's

private:
    struct Former {};
    Session(SessionId id, std::uint32_t index, SessionMemory memory, Peer peer, Former) noexcept
        : id_(id), index_(index), memory_(std::move(memory)), peer_(std::move(peer)) {}

    /// A message beyond this is a large one.
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
    Declarations declarations_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::optional<std::size_t> large_lane_;
};

}  // namespace ringside::broker
