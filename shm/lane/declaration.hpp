#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/limits.hpp"
#include "shm/base/types.hpp"
#include "shm/segment/layout.hpp"

namespace ringside::shm {

/// What a declaration says of its session.
enum class DeclarationKind : std::uint32_t {
    none = 0,
    watch = 1,    ///< it watches the names that match
    provide = 2,  ///< it answers calls of the names that match
    listen = 3,   ///< it provides the names that match while somebody watches them
    present = 4,  ///< a user is there, beside the one that the session has said in its Hello
};

/// Something that a session wants the broker to know for as long as it lives: a place in the
/// session's memory, beside its pins. The broker reads it when `declarations_changed` has changed,
/// and after a take-over; nothing has to be said again to the next broker, and nothing is left of a
/// session that dies.
///
/// Written by the client:
///   C1  sequence := odd (relaxed), release fence
///   C2  kind, lane, bytes, text
///   C3  sequence := even (release); declarations_changed += 1 (release); it rings the doorbell
/// Broker: reads `sequence` (acquire), all the rest, and `sequence` again; what it saw counts when
/// that is even and the same. It trusts nothing of it.
/// Written by the broker: what became of the declaration of a `sequence`, for all but watches.
///
/// Several of one kind, `provide` or `listen`, may name the same lane. What is brought to it says
/// which one it is for, by `number`.
struct Declaration {
    struct alignas(cache_line_bytes) Head {
        HalfWord sequence;
        HalfWord kind;   ///< DeclarationKind
        HalfWord lane;   ///< of `provide` and `listen`: where deliveries are to go
        HalfWord bytes;  ///< of `text`: a pattern, or the user who is present
    } head;
    struct alignas(cache_line_bytes) Outcome {
        HalfWord sequence;  ///< that was looked at; futex word of the client
        HalfWord error;     ///< Errc; stored before `sequence`
    } outcome;
    std::array<std::atomic<char>, limits::pattern_bytes_max> text;

    /// A copy that is whole.
    struct Content {
        DeclarationKind kind = DeclarationKind::none;
        std::uint32_t lane = 0;  ///< any number: checked against the session's lanes where used
        std::string text;
        friend bool operator==(const Content&, const Content&) = default;
    };

    /// Names a declaration among all that its session ever makes.
    [[nodiscard]] static constexpr std::uint64_t number(std::uint32_t place,
                                                        std::uint32_t sequence) noexcept {
        return std::uint64_t{sequence} << 32 | place;
    }

    /// The client's C1..C3, without the session's counter; the sequence that the outcome will name.
    /// REQUIRES: text.size() <= limits::pattern_bytes_max.
    std::uint32_t declare(DeclarationKind kind, std::uint32_t lane, std::string_view said) noexcept;

    /// The broker's side. None: it is just being written. Anything may be in it.
    [[nodiscard]] std::optional<Content> read(std::uint32_t& sequence) const;

    /// The broker's answer.
    void settle(std::uint32_t sequence, std::uint32_t error) noexcept {
        outcome.error.store(error, std::memory_order_relaxed);
        // SYNC declaration-outcome: pairs with Receipt::outcome(); the error is visible.
        outcome.sequence.store(sequence, std::memory_order_release);
    }
};
static_assert(sizeof(Declaration) == 2 * cache_line_bytes + limits::pattern_bytes_max);

}  // namespace ringside::shm
