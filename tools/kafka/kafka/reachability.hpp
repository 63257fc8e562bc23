#pragma once

#include <chrono>

/// How sources and sinks detect that Kafka cannot be reached.
namespace ringside::kafka {

/// Time limit for the first sign of Kafka. An address where nothing answers shows no error for much
/// longer.
inline constexpr std::chrono::seconds first_contact_patience{3};

/// Time limit for the answer to a probe of Kafka.
inline constexpr std::chrono::milliseconds probe_patience{200};

}  // namespace ringside::kafka
