#pragma once

#include <chrono>

/// How sources and sinks find out that Kafka cannot be reached.
namespace ringside::kafka {

/// How long Kafka may take to be heard for the first time. An address that nobody answers at shows
/// no error for much longer.
inline constexpr std::chrono::seconds first_contact_patience{3};

/// How long an answer may take that is asked for to find out whether Kafka is there.
inline constexpr std::chrono::milliseconds probe_patience{200};

}  // namespace ringside::kafka
