#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace ringside::detail {

/// Hands out the places of an array in shared memory: those that were given back first, so that the
/// broker has few to look at.
/// Thread safety: none.
class Places {
public:
    explicit Places(std::size_t max) noexcept : max_(max) {}

    /// None: all are taken.
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

    /// Places from there on were never handed out; only grows.
    [[nodiscard]] std::uint32_t used() const noexcept { return static_cast<std::uint32_t>(used_); }

private:
    std::size_t max_;
    std::size_t used_ = 0;
    std::vector<std::size_t> free_;
};

}  // namespace ringside::detail
