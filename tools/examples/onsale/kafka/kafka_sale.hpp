#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "tools/examples/onsale/onsale.hpp"

/// The same on-sale with its hosts of record elsewhere: they own the seats, and the grid follows
/// the deltas that they write to a topic. `ringside-kafka source` with source.toml turns the deltas
/// into the records of onsale.hpp.
///
///   {"event":1,"section":"A","seat":"001","number":1,"status":"sold","price":4200,
///    "sales":{"sold":1,"held":0,"available":199,"revenue":4200}}
///
/// A delta has a seat and the resulting counters of its event, and the event is its key. Both
/// become one commit, so they agree at every revision of the grid.
namespace ringside::onsale {

inline constexpr const char* deltas_topic = "onsale.seats";
inline constexpr int events_max = 1000;

/// The progress of the hosts, in memory that their processes share.
struct Ledger {
    std::array<char, 64> bootstrap;  ///< address of Kafka, "HOST:PORT"; set before `is_open`
    std::atomic<bool> is_open;
    std::atomic<bool> stop;
    /// By event: how many of its deltas Kafka has acknowledged.
    std::array<std::atomic<std::uint64_t>, events_max + 1> deltas;
};

/// Runs one host of record, which owns the events `number`, `number + plan.writers`, …, until
/// `ledger.stop`. Returns whether Kafka has taken each of its deltas.
bool play_host_of_record(const Plan& plan, int number, Ledger& ledger);

/// Runs the whole example and returns its exit status. `kafka`: "HOST:PORT", or "mock" for
/// librdkafka's mock cluster in this process. Prints "kafka HOST:PORT" when the topic can be
/// followed.
int play_through_kafka(const Plan& plan, const std::string& kafka);

}  // namespace ringside::onsale
