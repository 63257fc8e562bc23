#pragma once

#include <cstdint>

namespace ringside::broker {

/// Maximum waiting times of the broker.
struct MessagingOptions {
    std::uint64_t accept_ns = 1'000'000'000;     ///< for a provider or listener to accept an offer
    std::uint64_t response_ns = 10'000'000'000;  ///< for an answer, by default
    /// Delay before a session without declarations gets its record; a shorter session needs no
    /// commit.
    std::uint64_t session_record_ns = 2'000'000'000;
    std::uint64_t rematch_ns = 30'000'000'000;  ///< before rejected subjects are offered again
};

}  // namespace ringside::broker
