#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace ringside::detail {

/// Allocates elements of an array in shared memory. Reuses returned elements first, so that the
/// broker has few to check.
/// Thread safety: none.
class Places {
public:
    explicit Places(std::size_t max) noexcept : max_(max) {}

    /// Returns nothing if all are taken.
    [[nodiscard]] std::optional<std::size_t> take() {
        if (free_.empty()) {
            if (used_ == max_) return std::nullopt;
            return used_++;
        }
        const std::size_t place = free_.back();
        free_.pop_back();
        return place;
    }
    void give_back(std::size_t place) { free_.push_back(place); }

    /// Elements from this one on were never allocated; only grows.
    [[nodiscard]] std::uint32_t used() const noexcept { return static_cast<std::uint32_t>(used_); }

private:
    std::size_t max_;
    std::size_t used_ = 0;
    std::vector<std::size_t> free_;
};

}  // namespace ringside::detail
