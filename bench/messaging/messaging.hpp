#pragma once

#include "bench/support/report.hpp"

/// The messaging figures of docs/benchmarks.md, compared with NATS where it has an equivalent.
namespace ringside::bench {

struct MessagingScale {
    std::size_t round_trips = 2'000;  ///< of one slice
    std::size_t calls = 40'000;
    std::size_t events = 1'000'000;
    int slices = 7;
};

/// Calls one at a time, with all processes asleep in between; and with a hundred in progress.
void measure_calls(Report& report, const MessagingScale& scale);
/// From `publish` to a sleeping subscriber.
void measure_event(Report& report, const MessagingScale& scale);
/// Maximum rate from one publisher to one subscriber that receives every event.
void measure_event_rate(Report& report, const MessagingScale& scale);
/// The cost of an event for its publisher and the broker with 64 subscribers, and with one.
void measure_subscribers(Report& report, const MessagingScale& scale);

}  // namespace ringside::bench
