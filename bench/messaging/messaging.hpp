#pragma once

#include "bench/support/report.hpp"

/// The figures of messaging in docs/benchmarks.md, beside NATS where it has the same.
namespace ringside::bench {

struct MessagingScale {
    std::size_t round_trips = 2'000;  ///< of one slice
    std::size_t calls = 40'000;
    std::size_t events = 1'000'000;
    int slices = 7;
};

/// Calls one at a time, everybody asleep in between; and a hundred under way.
void measure_calls(Report& report, const MessagingScale& scale);
/// From `publish` to a subscriber that sleeps.
void measure_event(Report& report, const MessagingScale& scale);
/// As fast as it goes, from one publisher to one subscriber that gets all of them.
void measure_event_rate(Report& report, const MessagingScale& scale);
/// What an event costs its publisher and the broker with 64 subscribers, and with one.
void measure_subscribers(Report& report, const MessagingScale& scale);

}  // namespace ringside::bench
