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

/// Kind of a declaration.
enum class DeclarationKind : std::uint32_t {
    none = 0,
    watch = 1,    ///< watches the matching names
    provide = 2,  ///< answers calls to the matching names
    listen = 3,   ///< provides the matching names while they are watched
    present = 4,  ///< presence of a user, in addition to the user in the session's Hello
};

/// A fact about a session that the broker must know while the session lives: a place in the
/// session's memory, like a pin. The broker reads it when `declarations_changed` has changed, and
/// after a take-over. So a declaration need not be repeated to the next broker, and nothing remains
/// of a session that dies.
///
/// Written by the client:
///   C1  sequence := odd (relaxed), release fence
///   C2  kind, lane, bytes, text
///   C3  sequence := even (release); declarations_changed += 1 (release); it rings the doorbell
/// Broker: reads `sequence` (acquire), all other words, and `sequence` again. The result is valid
/// if both sequences are equal and even. The broker does not trust any of it.
/// Written by the broker, for all kinds but watches: the outcome of the declaration of a
/// `sequence`.
///
/// Several declarations of kind `provide` or `listen` may name the same lane. Each delivery carries
/// the `number` of its declaration.
struct Declaration {
    struct alignas(cache_line_bytes) Head {
        HalfWord sequence;
        HalfWord kind;   ///< DeclarationKind
        HalfWord lane;   ///< of `provide` and `listen`: lane for deliveries
        HalfWord bytes;  ///< of `text`: a pattern, or the user
    } head;
    struct alignas(cache_line_bytes) Outcome {
        HalfWord sequence;  ///< that was answered; futex word of the client
        HalfWord error;     ///< Errc; stored before `sequence`
    } outcome;
    std::array<std::atomic<char>, limits::pattern_bytes_max> text;

    /// A consistent copy.
    struct Content {
        DeclarationKind kind = DeclarationKind::none;
        std::uint32_t lane = 0;  ///< any number: checked against the session's lanes when used
        std::string text;
        friend bool operator==(const Content&, const Content&) = default;
    };

    /// Identifies a declaration among all declarations that its session ever makes.
    [[nodiscard]] static constexpr std::uint64_t number(std::uint32_t place,
                                                        std::uint32_t sequence) noexcept {
        return std::uint64_t{sequence} << 32 | place;
    }

    /// C1..C3 of the client, without the session's counter. Returns the sequence that the outcome
    /// will name. REQUIRES: text.size() <= limits::pattern_bytes_max.
    std::uint32_t declare(DeclarationKind kind, std::uint32_t lane, std::string_view said) noexcept;

    /// Broker's read. Returns nothing during a change by the client. The contents are not checked.
    [[nodiscard]] std::optional<Content> read(std::uint32_t& sequence) const;

    /// Stores the broker's outcome.
    void settle(std::uint32_t sequence, std::uint32_t error) noexcept {
        outcome.error.store(error, std::memory_order_relaxed);
        // SYNC declaration-outcome: pairs with Receipt::outcome(); the error is visible.
        outcome.sequence.store(sequence, std::memory_order_release);
    }
};
static_assert(sizeof(Declaration) == 2 * cache_line_bytes + limits::pattern_bytes_max);

}  // namespace ringside::shm
