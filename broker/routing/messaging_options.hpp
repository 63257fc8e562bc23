#pragma once

#include <cstdint>

namespace ringside::broker {

/// How long the broker waits for others.
struct MessagingOptions {
    std::uint64_t accept_ns = 1'000'000'000;     ///< for a provider or listener to take an offer
    std::uint64_t response_ns = 10'000'000'000;  ///< for an answer, where the caller does not say
    /// Before a session that declares nothing gets its record: a shorter one needs no commit.
    std::uint64_t session_record_ns = 2'000'000'000;
    std::uint64_t rematch_ns = 30'000'000'000;  ///< before listeners that said no are asked again
};

}  // namespace ringside::broker
