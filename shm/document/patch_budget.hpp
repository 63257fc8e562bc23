#pragma once

#include <cstdint>

#include "shm/base/limits.hpp"

namespace ringside {

/// The work that the patches of one request may cause, so that a few bytes cannot keep the engine
/// from serving others.
///
/// A step is a value that is written or compared, 64 bytes of a string or key, 16 bytes of a page
/// that is written, or something else that takes about as long: some 20 ns. Steps are spent before
/// the work is done, so a request is refused before it costs more.
/// Thread safety: one thread.
class PatchBudget {
public:
    static constexpr std::uint64_t string_bytes_per_step = 64;
    static constexpr std::uint64_t page_bytes_per_step = 16;
    static constexpr std::uint64_t steps_per_page = 16;       ///< that is written
    static constexpr std::uint64_t steps_per_page_read = 8;   ///< that is given up
    static constexpr std::uint64_t steps_per_operation = 16;  ///< of a JSON Patch
    static constexpr std::uint64_t steps_per_token = 4;       ///< of a JSON Pointer

    PatchBudget() = default;
    explicit PatchBudget(std::uint64_t steps) noexcept : left_(steps) {}

    /// Of patches that have so many encoded bytes in all.
    static PatchBudget of_request(std::uint64_t patch_bytes) noexcept {
        return PatchBudget(limits::patch_steps_max + limits::patch_steps_per_byte * patch_bytes);
    }
    /// Of a patch of a document that is not in pages, so that each operation copies all of it. For
    /// processes that keep nobody waiting but themselves.
    static PatchBudget of_copies(std::uint64_t patch_bytes, std::uint64_t document_bytes) noexcept {
        return PatchBudget(4 * limits::patch_steps_max +
                           limits::patch_steps_per_byte * (patch_bytes + 4 * document_bytes));
    }

    /// Returns false if there is not as much left; then nothing more can be spent.
    [[nodiscard]] bool spend(std::uint64_t steps) noexcept {
        if (steps > left_) {
            left_ = 0;
            return false;
        }
        left_ -= steps;
        return true;
    }
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

private:
    std::uint64_t left_ = limits::patch_steps_max;
};

}  // namespace ringside
