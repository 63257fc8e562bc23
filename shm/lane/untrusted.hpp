#pragma once

#include <algorithm>
#include <atomic>
#include <optional>

namespace ringside::shm {

/// A value that was loaded once from memory that another process can write at any time.
///
/// The value is accessible only through a check, and a checked value is a copy that the other
/// process cannot change. Every word of a session's memory that the other end writes passes through
/// this type before code depends on it.
template <class T>
class Untrusted {
public:
    [[nodiscard]] static Untrusted load(const std::atomic<T>& word,
                                        std::memory_order order) noexcept {
        return Untrusted(word.load(order));
    }

    /// Returns the value, or nothing if `is_possible(value)` is false.
    template <class Check>
    [[nodiscard]] std::optional<T> checked(const Check& is_possible) const noexcept {
        return is_possible(value_) ? std::optional<T>(value_) : std::nullopt;
    }

    /// Returns the value, or `most` if it is larger.
    [[nodiscard]] T at_most(T most) const noexcept { return std::min(value_, most); }

    /// Returns the value, for uses in which every value is harmless.
    [[nodiscard]] T any() const noexcept { return value_; }

private:
    explicit Untrusted(T value) noexcept : value_(value) {}
    T value_;
};

}  // namespace ringside::shm
