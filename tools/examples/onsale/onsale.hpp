#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "ringside/client.hpp"

/// A simulated on-sale: hosts sell, hold and release seats while reports run.
///
///   event/1/A/seat/001   {"status":"available","price":4200,"section":"A","number":1}
///   event/1/sales        {"sold":0,"held":0,"available":200,"revenue":0}
///   hold/1/A/001         {}, with a time to live: when it expires, the seat is released
///
/// A seat and its event's counters change in one transaction, under the condition that neither has
/// changed since they were read: no seat is sold twice, and the counters always agree.
namespace ringside::onsale {

struct Plan {
    std::string grid;
    int events = 4;
    int sections = 4;
    int seats = 50;  ///< per section
    int writers = 3;
    int seconds = 5;
    std::uint64_t seed = 42;
};

/// The progress of the hosts, in memory that their processes share.
struct Tally {
    std::atomic<std::uint64_t> commits;
    std::atomic<std::uint64_t> conflicts;
    std::atomic<std::uint64_t> failures;
    std::atomic<bool> stop;
};

[[nodiscard]] std::string seat_name(int event, int section, int number);
[[nodiscard]] std::string sales_name(int event);
[[nodiscard]] int seat_price(int section);

/// Makes all seats available, in one transaction per event.
Result<void> open_sale(Client& client, const Plan& plan);

/// Runs one host until `tally.stop`.
void play_host(const Plan& plan, int host, Tally& tally);

/// Checks one snapshot, and prints the sales if `print` is set. Returns false if it is
/// inconsistent.
bool check_report(const Client& client, const Plan& plan, bool print);

}  // namespace ringside::onsale
