#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "tools/examples/onsale/onsale.hpp"

/// The same on-sale with its hosts of record elsewhere: they own the seats, and all that the grid
/// knows of them it has from the deltas that they put into a topic. `ringside-kafka source` with
/// source.toml makes the records of onsale.hpp out of these.
///
///   {"event":1,"section":"A","seat":"001","number":1,"status":"sold","price":4200,
///    "sales":{"sold":1,"held":0,"available":199,"revenue":4200}}
///
/// A delta has a seat and the counters of its event after it, keyed by the event; both become one
/// commit, so that they add up at every revision of the grid.
namespace ringside::onsale {

inline constexpr const char* deltas_topic = "onsale.seats";
inline constexpr int events_max = 1000;

/// What the hosts have done, in memory that their processes share.
struct Ledger {
    std::array<char, 64> bootstrap;  ///< where Kafka is, "HOST:PORT"; before `is_open`
    std::atomic<bool> is_open;
    std::atomic<bool> stop;
    /// By event: how many of its deltas Kafka has acknowledged.
    std::array<std::atomic<std::uint64_t>, events_max + 1> deltas;
};

/// One host of record: owns the events `number`, `number + plan.writers`, … until `ledger.stop`.
/// Whether Kafka has taken each of its deltas.
bool play_host_of_record(const Plan& plan, int number, Ledger& ledger);

/// The whole play; its exit status. `kafka`: "HOST:PORT", or "mock" for librdkafka's mock cluster,
/// in this process. Prints "kafka HOST:PORT" when the topic can be followed.
int play_through_kafka(const Plan& plan, const std::string& kafka);

}  // namespace ringside::onsale
