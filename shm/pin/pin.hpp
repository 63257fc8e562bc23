#pragma once

#include <atomic>

#include "shm/lane/session_memory.hpp"
#include "shm/segment/layout.hpp"

/// Pins and the horizon: how readers keep memory from being reused, without locks.
///
/// Reader, with a revision S that it has seen published:
///   R1  pin := S + 1 (0 means that there is no pin)
///   R2  fence
///   R3  H := horizon; if H > S: take a newer S and repeat from R1 (or report `compacted`)
///   R4  read; R5  pin := none (release)
/// Engine, to reclaim memory up to revision H (<= published):
///   E1  unlink everything to be freed, so that later loads do not reach it. One link remains: from
///       a version of revision X to the version that it replaced. Only readers below X follow it
///   E2  horizon := H;  E3  fence;  E4  read all pins
///   E5  free each version that was replaced at a revision X <= min(H, smallest pinned S). Free
///       other objects (nodes of the index, old tables) once each pinned S is at or after the first
///       revision published after the unlinking
/// Invariant: no reader with a valid pin meets a freed block. If E4 sees the pin, E5 respects S,
/// and a reader at S sees all unlinking that came before the publication of S. If E4 misses the
/// pin, the fences order E2 before R3. So the reader loads this H or a later one, and repeats
/// unless S >= H. It then needs no version that was replaced at or below H, and its loads come
/// after all unlinking that came before E3.
/// A dead reader's pin holds memory until its session is closed or the pin is revoked (lease.hpp).
///
/// Fences: R1 and R3 are sequentially consistent accesses, which need no separate fence as R2. E3
/// is a sequentially consistent fence. If the segment has `asymmetric_fence`, E3 is
/// `membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)` instead, and R2 is only a compiler barrier if the
/// reader's process has registered. Readers then pay nothing; the engine pays 0.4 us, rarely.
namespace ringside::shm {

/// Registers this process for the engine's membarrier; returns false if the host does not support
/// it.
bool register_for_membarrier() noexcept;

/// The engine's E3. A host whose clients leave the fence to the engine must not refuse it later (a
/// seccomp filter could). In that case the process ends, because memory could not be reused safely.
void membarrier_all() noexcept;

/// Same, as a trial: returns whether this process may call it.
[[nodiscard]] bool try_membarrier_all() noexcept;
[[nodiscard]] bool has_membarrier() noexcept;

/// R1..R3 for one pin word: stores the pin, then checks the horizon. Returns false, with the pin
/// cleared, if the horizon has passed `revision`.
/// `light`: R2 is only a compiler barrier, because the engine's membarrier includes this process.
[[nodiscard]] inline bool try_pin(Word& pin, Revision revision, const HorizonLine& horizon,
                                  bool light) noexcept {
    if (light) {
        pin.store(pin_word(revision), std::memory_order_relaxed);
        // SYNC pin-publish: R2, pairs with the membarrier of E3, a full fence in this thread.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        // SYNC pin-publish: R3, pairs with E2: everything that was unlinked before E2 is visible.
        if (horizon.horizon.load(std::memory_order_acquire) <= revision) return true;
    } else {
        // SYNC pin-publish: R1 and R2, pairs with E3 and E4: E4 sees this pin, or R3 sees E2.
        pin.store(pin_word(revision), std::memory_order_seq_cst);
        // SYNC pin-publish: R3, pairs with E2.
        if (horizon.horizon.load(std::memory_order_seq_cst) <= revision) return true;
    }
    // SYNC pin-release: pairs with E4.
    pin.store(no_pin, std::memory_order_release);
    return false;
}

/// R5: clears the pin.
// SYNC pin-release: pairs with E4: the reads under the pin are complete when the engine finds it
// cleared.
inline void unpin(Word& pin) noexcept { pin.store(no_pin, std::memory_order_release); }

}  // namespace ringside::shm
