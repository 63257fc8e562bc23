#pragma once

namespace ringside::testing {

/// How much faster time passes for the mock cluster than for its clients.
///
/// librdkafka's mock waits 3 s for further members before it assigns the partitions of a new group,
/// and has no call to change that. So fast_clock.cpp replaces `clock_gettime` (CLOCK_MONOTONIC) and
/// `poll` in its process. Every duration that a client sends to the cluster, such as
/// `session.timeout.ms` and `fetch.wait.max.ms`, passes faster there as well.
inline constexpr int cluster_speed = 10;

}  // namespace ringside::testing
