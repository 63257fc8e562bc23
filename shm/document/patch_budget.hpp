#pragma once

#include <cstdint>

#include "shm/base/limits.hpp"

namespace ringside {

/// Bounds the work of the patches of one request, so that a small request cannot block the engine.
///
/// A step takes about 20 ns. It is one value written or compared, 64 bytes of a string or key, 16
/// bytes of a written page, or similar work. Steps are charged before the work is done, so a
/// request is refused before it exceeds its budget.
/// Thread safety: one thread.
class PatchBudget {
public:
    static constexpr std::uint64_t string_bytes_per_step = 64;
    static constexpr std::uint64_t page_bytes_per_step = 16;
    static constexpr std::uint64_t steps_per_page = 16;       ///< per written page
    static constexpr std::uint64_t steps_per_page_read = 8;   ///< per dropped page
    static constexpr std::uint64_t steps_per_operation = 16;  ///< per operation of a JSON Patch
    static constexpr std::uint64_t steps_per_token = 4;       ///< per token of a JSON Pointer

    PatchBudget() = default;
    explicit PatchBudget(std::uint64_t steps) noexcept : left_(steps) {}

    /// Budget of a request whose patches have this many encoded bytes in total.
    static PatchBudget of_request(std::uint64_t patch_bytes) noexcept {
        return PatchBudget(limits::patch_steps_max + limits::patch_steps_per_byte * patch_bytes);
    }
    /// Budget of a patch of a document without pages, where each operation copies the whole
    /// document. For processes that delay only themselves.
    static PatchBudget of_copies(std::uint64_t patch_bytes, std::uint64_t document_bytes) noexcept {
        return PatchBudget(4 * limits::patch_steps_max +
                           limits::patch_steps_per_byte * (patch_bytes + 4 * document_bytes));
    }

    /// Returns false if less is left; after that nothing more can be spent.
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
