#pragma once

namespace ringside::testing {

/// How much faster time passes for the mock cluster than for its clients.
///
/// librdkafka's mock waits 3 s for further members before it gives out the partitions of a new
/// group, and offers no call to change that. For its process, fast_clock.cpp therefore replaces
/// `clock_gettime` (CLOCK_MONOTONIC) and `poll`. Every time that a client sends to the cluster,
/// such as `session.timeout.ms` and `fetch.wait.max.ms`, passes faster there, too.
inline constexpr int cluster_speed = 10;

}  // namespace ringside::testing
